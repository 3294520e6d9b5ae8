"""Measures starting and reference score on this machine: the scale of normalized scores."""

from __future__ import annotations

import statistics
import tempfile
from functools import partial
from pathlib import Path

from environments import preparing, scoring
from environments.contract import Environment, Profile, ProgressReport
from environments.launching import Launcher
from environments.outcomes import Outcome, ScorerFailure
from environments.scale import Calibration, Spread, load, save

__all__ = ["Calibration", "calibrate", "load"]


def calibrate(
    environment: Environment,
    profile: Profile,
    assets: Path,
    launch: Launcher,
    repeats: int,
    *,
    progress: ProgressReport = scoring.quiet,
) -> Calibration:
    """Score both solutions `repeats` times in turn, keep and return the result.

    Raises `ScorerFailure` when one of them is not valid: then the installation is at fault.
    """
    run = partial(scoring.score_folder, environment, profile, assets=assets, launch=launch)
    with tempfile.TemporaryDirectory(prefix="portal-calibrate-") as folder:
        solutions = _lay(environment, assets, Path(folder))
        outcomes: dict[str, list[Outcome]] = {end: [] for end in solutions}
        for repeat in range(repeats):  # in turn, so that a drifting machine hits both alike
            for end, solution in solutions.items():
                progress(f"{end} solution, {repeat + 1} of {repeats}")
                outcomes[end].append(_must_be_valid(run(solution=solution), environment, end))
    calibration = _calibration(environment, profile, outcomes)
    save(assets, calibration)
    return calibration


def _lay(environment: Environment, assets: Path, folder: Path) -> dict[str, Path]:
    return {
        "starting": preparing.starting_solution(environment, assets, folder / "starting"),
        "reference": preparing.reference_solution(environment, assets, folder / "reference"),
    }


def _must_be_valid(outcome: Outcome, environment: Environment, end: str) -> Outcome:
    if outcome.status == "valid":
        return outcome
    raise ScorerFailure(
        f"The {end} solution of {environment.name} is {outcome.status}: {outcome.message}",
        log=str(outcome.details.get("log", "")),
    )


def _calibration(
    environment: Environment, profile: Profile, outcomes: dict[str, list[Outcome]]
) -> Calibration:
    spreads = {
        end: Spread.of([run.score for run in runs if run.score is not None])
        for end, runs in outcomes.items()
    }
    if spreads["starting"].mean == spreads["reference"].mean:
        raise ScorerFailure(f"Starting and reference score of {environment.name} are equal.")
    seconds = [run.scoring_seconds for runs in outcomes.values() for run in runs]
    return Calibration(
        environment=environment.name,
        profile=profile.name,
        starting=spreads["starting"],
        reference=spreads["reference"],
        scoring_seconds=statistics.fmean(seconds),
    )
