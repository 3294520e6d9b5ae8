"""The one scoring loop: whatever an environment's scorer does, one `Outcome` comes of it."""

from __future__ import annotations

import json
import logging
import math
import random as randomness
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from environments import registry, scale
from environments.contract import Environment, Profile, ProgressReport, Scoring
from environments.launching import Launcher
from environments.outcomes import InvalidSolution, Outcome, Score, ScorerFailure

log = logging.getLogger(__name__)

OURS = "The scorer failed. This is our fault: it does not count, and the time is credited."


def quiet(stage: str) -> None:
    """A progress report nobody reads."""


def score_folder(
    environment: Environment,
    profile: Profile,
    solution: Path,
    assets: Path,
    launch: Launcher,
    *,
    progress: ProgressReport = quiet,
    random: randomness.Random | None = None,
) -> Outcome:
    """Score one solution folder (a snapshot: ours, not shared, regular files only).

    `assets` holds `public/`, `private/` and, once calibrated, `calibration.json`.
    Never raises for a solution's faults; a crash of the scorer becomes a failed outcome.
    """
    scoring = Scoring(
        environment=environment,
        profile=profile,
        solution=solution,
        public=assets / "public",
        private=assets / "private",
        launch=launch,
        random=random or randomness.SystemRandom(),
        progress=progress,
    )
    started = time.monotonic()
    outcome = _outcome(scoring)
    outcome = replace(outcome, scoring_seconds=time.monotonic() - started)
    return _normalized(outcome, scale.ends(profile, assets))


def _outcome(scoring: Scoring) -> Outcome:
    try:
        check_files(scoring.environment, scoring.solution)
        make_readable(scoring.solution)
        return _valid(registry.scorer(scoring.environment).score(scoring))
    except InvalidSolution as fault:
        return Outcome("invalid", None, None, fault.message, 0.0, fault.details)
    except ScorerFailure as fault:
        log.error("scorer of %s failed: %s", scoring.environment.name, fault.log)
        return _failed(fault.log, fault.details)
    except Exception:
        # A bug of a scorer must never look like a bad solution, nor end the worker.
        log.exception("scorer of %s crashed", scoring.environment.name)
        return _failed(traceback.format_exc(limit=-20), {})


def _failed(for_operator: str, details: dict[str, Any]) -> Outcome:
    return Outcome("failed", None, None, OURS, 0.0, {**details, "log": for_operator})


def _valid(score: Score) -> Outcome:
    if not math.isfinite(score.value):
        raise ScorerFailure(OURS, log=f"the scorer returned {score.value}", details=score.details)
    json.dumps(score.details, allow_nan=False)  # what the log cannot keep is found here
    return Outcome("valid", float(score.value), None, score.message, 0.0, score.details)


def _normalized(outcome: Outcome, ends: tuple[float, float] | None) -> Outcome:
    if outcome.score is None or ends is None:
        return outcome
    return replace(outcome, normalized_score=scale.normalize(outcome.score, *ends))


def check_files(environment: Environment, solution: Path) -> None:
    """Refuse a folder without the environment's solution files or above its size.

    A scorer may offer `hint(solution) -> str`, a sentence on what is there instead.
    Trusts that `solution` is a snapshot: it does not stop files from changing meanwhile.
    """
    for name in environment.solution_files:
        path = solution / name
        if path.is_symlink() or not path.is_file():
            hint = getattr(registry.scorer(environment), "hint", lambda folder: "")(solution)
            raise InvalidSolution(
                f"There is no {name}: it must be solution/{name}, a regular file. {hint}".rstrip()
            )
    found = sum(path.lstat().st_size for path in solution.rglob("*"))
    if found > environment.solution_bytes:
        allowed = environment.solution_bytes
        raise InvalidSolution(f"The solution has {found:,} bytes, {allowed:,} are allowed.")


def make_readable(folder: Path) -> None:
    """Let the solution's process, which has another uid, read what is in `folder`."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
