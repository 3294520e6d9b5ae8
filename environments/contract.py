"""What an environment is: the contents of its folder as one frozen object.

A folder holds `environment.toml`, `instructions.md`, `prepare.py`, `scorer.py`, `starting/`,
`reference/` and `README.md` (the operator's card). All folders look alike.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from environments.launching import Launcher
from environments.outcomes import Score

# In every instruction, scorer and reference, so that a training corpus can leave them out.
CANARY = "EXPERT-PORTAL-CANARY e5495537-34e8-4c66-9dd4-8f0db2a76c7c"


@dataclass(frozen=True)
class Profile:
    """One size of an environment: `small` or `paper`."""

    name: str
    gpus: int
    cpus: int
    memory_bytes: int  # of the expert's server
    scoring_timeout_seconds: float
    starting_score: float | None  # published or nominal constant, raw; None if there is none
    reference_score: float | None
    score_source: str  # where the two come from
    settings: Mapping[str, Any]  # the environment's own sizes, from [profiles.NAME.settings]


@dataclass(frozen=True)
class Environment:
    """One of the research problems. `name` is the folder's name and the import name."""

    name: str
    title: str
    task_family: str  # METR's, for exports
    summary: str  # one sentence an expert may read before the clock runs
    direction: Literal["lower", "higher"]
    aggregation: Literal["best", "last"]
    score_shown: bool  # False: the expert never sees the number
    unit: str  # of the raw score, e.g. "ln(ms)"
    display: str  # how a person reads it: "exp:ms" → exp(score) in ms; "plain"
    time_budget_seconds: float
    solution_files: tuple[str, ...]  # must exist in the solution folder
    solution_bytes: int  # cap of one snapshot
    folder: Path
    profiles: Mapping[str, Profile]


@dataclass(frozen=True)
class Scoring:
    """Everything a scorer may use for one call. `score(scoring) -> Score` in each scorer.py.

    Raises: `InvalidSolution` for the expert's faults, `ScorerFailure` for ours.
    """

    environment: Environment
    profile: Profile
    solution: Path  # the snapshot, extracted; regular files only; ours, not shared
    public: Path  # assets the expert has too
    private: Path  # held-out data; never mounted where expert code runs
    launch: Launcher
    random: random.Random  # fresh secret randomness (SystemRandom in production)
    progress: ProgressReport


class ProgressReport(Protocol):
    def __call__(self, stage: str) -> None:
        """Say what the scorer is doing now, in a few words for the expert."""


class Scorer(Protocol):
    """The module `scorer.py` of an environment."""

    def score(self, scoring: Scoring) -> Score: ...


class Preparer(Protocol):
    """The module `prepare.py`: fills two empty folders. Deterministic but for `secret`.

    `public/` reaches the expert, `private/` never does. Either may hold generated parts of a
    solution: `public/starting/` and `private/reference/` are laid over the folder's own.
    """

    def prepare(
        self, public: Path, private: Path, profile: Profile, run: TrustedRun, secret: bytes
    ) -> None: ...


class TrustedRun(Protocol):
    """Runs a program of ours with the expert's interpreter (torch lives there, not here)."""

    def __call__(self, program: Path, *arguments: str) -> None:
        """Raises `ScorerFailure` with the program's last lines if it does not exit 0."""
