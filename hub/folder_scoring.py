"""Scores any folder as a worker would, without an attempt and without an entry in the log."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from environments.contract import Environment
from environments.outcomes import Outcome
from environments.scoring import score_folder
from hub import environment_setup, snapshots
from hub.errors import BadInput
from hub.settings import Settings
from hub.snapshots import SnapshotRefused


def score(settings: Settings, environment: Environment, profile: str, folder: Path) -> Outcome:
    """The outcome for a solution folder, or for a workspace with a folder `solution` in it.

    Raises `BadInput` if there is no such folder or the environment is not prepared. It reads the
    folder with the operator's rights, so it is for folders that the operator trusts to be read.
    """
    source = solution_folder(environment, folder)
    size = environment_setup.profile_of(environment, profile)
    assets = environment_setup.assets_of(settings, environment, profile)
    launch = environment_setup.operator_launcher(settings, environment, "score")
    with TemporaryDirectory(prefix="portal-score-") as temporary:
        aside = Settings(**{**settings.model_dump(), "data": Path(temporary, "data")})
        try:
            snapshot = snapshots.from_folder(aside, source)
        except SnapshotRefused as refusal:
            return Outcome("invalid", None, None, refusal.message, 0.0)
        solution = Path(temporary, "solution")
        snapshots.extract(aside, snapshot, solution)
        return score_folder(environment, size, solution, assets, launch)


def solution_folder(environment: Environment, folder: Path) -> Path:
    """`folder` itself, or its `solution` when only that looks like one. Raises `BadInput`."""
    if not folder.exists():
        raise BadInput(f"There is no folder {folder}.")
    if not folder.is_dir():
        raise BadInput(f"{folder} is a file; a folder is wanted.")
    inner = folder / "solution"
    holds_files = any((folder / name).exists() for name in environment.solution_files)
    return inner if inner.is_dir() and not holds_files else folder
