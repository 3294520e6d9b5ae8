"""Proves that an environment keeps its contract: its folder, its secrets, its two ends."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from environments import preparing, registry, scale, scoring
from environments.contract import CANARY, Environment, Profile
from environments.launching import Launcher
from environments.outcomes import Outcome

GAP_IN_SD = 10.0  # between the two ends, in standard deviations of re-scoring one
TOLERANCE = 0.1  # of a normalized score at either end
TRIES = 3
NO_SCALE = "not calibrated: run portal calibrate first"


@dataclass(frozen=True)
class CheckResult:
    """One line of `portal check`."""

    environment: str
    check: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class _Subject:
    environment: Environment
    profile: Profile
    assets: Path
    score: Callable[[Path], Outcome]  # of a solution folder


Problem = str  # what is wrong, in words; empty if nothing is


def check(
    environment: Environment, profile: Profile, assets: Path, launch: Launcher
) -> list[CheckResult]:
    """Run every check; a failed one does not keep the others from running."""
    score = partial(scoring.score_folder, environment, profile, assets=assets, launch=launch)
    subject = _Subject(environment, profile, assets, lambda folder: score(solution=folder))
    return [_result(subject, name, test) for name, test in CHECKS.items()]


def _result(subject: _Subject, name: str, test: Callable[[_Subject], Problem]) -> CheckResult:
    try:
        problem = test(subject)
    except OSError as error:
        problem = f"cannot be checked: {error}"
    return CheckResult(subject.environment.name, name, not problem, problem or "ok")


def _folder_is_complete(subject: _Subject) -> Problem:
    folder = subject.environment.folder
    missing = [name for name in registry.REQUIRED if not (folder / name).exists()]
    return f"missing: {', '.join(missing)}" if missing else ""


def _canary_is_there(subject: _Subject) -> Problem:
    folder = subject.environment.folder
    texts = [folder / "instructions.md", folder / "scorer.py"]
    texts += sorted((folder / "reference").glob("*.py"))
    without = [path.name for path in texts if CANARY not in path.read_text(encoding="utf-8")]
    return f"no canary line in {', '.join(without)}" if without else ""


def _assets_are_current(subject: _Subject) -> Problem:
    if preparing.is_prepared(subject.environment, subject.assets):
        return ""
    return "not prepared, or prepared by another version: run portal prepare"


def _nothing_private_is_public(subject: _Subject) -> Problem:
    hidden = {path.read_bytes() for path in _private_files(subject)} - {b""}
    secret = (subject.assets / preparing.SECRET).read_bytes()
    for path in registry.files(subject.assets / "public"):
        content = path.read_bytes()
        if content in hidden or secret in content:
            return f"public/{path.name} holds private content"
    return ""


def _private_files(subject: _Subject) -> Iterator[Path]:
    yield from registry.files(subject.assets / "private")
    yield from registry.files(subject.environment.folder / "reference")


def _starting_scores_zero(subject: _Subject) -> Problem:
    return _end(subject, preparing.starting_solution, 0.0)


def _reference_scores_one(subject: _Subject) -> Problem:
    return _end(subject, preparing.reference_solution, 1.0)


def _end(
    subject: _Subject, lay: Callable[[Environment, Path, Path], Path], wanted: float
) -> Problem:
    """Tried up to `TRIES` times: a busy machine may spoil one scoring of a timed solution."""
    with tempfile.TemporaryDirectory(prefix="portal-check-") as folder:
        solution = lay(subject.environment, subject.assets, Path(folder, "solution"))
        for _ in range(TRIES):
            problem = _distance(subject.score(solution), wanted)
            if not problem:
                break
    return problem


def _distance(outcome: Outcome, wanted: float) -> Problem:
    if outcome.status != "valid":
        return f"{outcome.status}: {outcome.message}"
    if outcome.normalized_score is None:
        return NO_SCALE
    found = outcome.normalized_score
    return "" if abs(found - wanted) <= TOLERANCE else f"normalized score {found:.3f}"


def _gap_exceeds_noise(subject: _Subject) -> Problem:
    measured = scale.load(subject.assets)
    if measured is None:
        return NO_SCALE
    gap = measured.gap_in_sd
    return "" if gap is None or gap >= GAP_IN_SD else f"gap of {gap:.1f} standard deviations"


def _missing_file_is_invalid(subject: _Subject) -> Problem:
    environment = subject.environment
    with tempfile.TemporaryDirectory(prefix="portal-check-") as folder:
        for number, name in enumerate(environment.solution_files):
            target = Path(folder, str(number))
            solution = preparing.starting_solution(environment, subject.assets, target)
            (solution / name).unlink()
            outcome = subject.score(solution)
            if outcome.status != "invalid" or name not in outcome.message:
                return f"without {name}: {outcome.status}, {outcome.message}"
    return ""


CHECKS: dict[str, Callable[[_Subject], Problem]] = {
    "the folder is complete": _folder_is_complete,
    "the canary line is there": _canary_is_there,
    "the assets are current": _assets_are_current,
    "nothing private is public": _nothing_private_is_public,
    "the starting solution scores 0": _starting_scores_zero,
    "the reference solution scores 1": _reference_scores_one,
    "the gap exceeds the noise": _gap_exceeds_noise,
    "a missing file is invalid": _missing_file_is_invalid,
}
