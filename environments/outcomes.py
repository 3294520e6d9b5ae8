"""The three outcomes of a scoring: a number, a solution against the rules, a fault of ours.

ScoringError
├── InvalidSolution   the expert's matter; the sentence names the rule and what to do
└── ScorerFailure     ours; does not count against the expert
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["valid", "invalid", "failed"]


@dataclass(frozen=True)
class Score:
    """What an environment's scorer returns for a valid solution."""

    value: float  # raw score in the environment's own unit, finite
    message: str  # shown to the expert beside the number
    details: dict[str, Any] = field(default_factory=dict)  # JSON, for admins only


class ScoringError(Exception):
    """Base: `message` may be shown to the expert, `log` only to the operator."""

    def __init__(self, message: str, *, log: str = "", details: dict[str, Any] | None = None):
        super().__init__(message)
        self.message = message
        self.log = log or message
        self.details = details or {}


class InvalidSolution(ScoringError):
    """The solution breaks a rule. Missing, never 0."""


class ScorerFailure(ScoringError):
    """The scorer or the machine is at fault."""


@dataclass(frozen=True)
class Outcome:
    """One scoring as the score log keeps it."""

    status: Status
    score: float | None  # None unless valid
    normalized_score: float | None  # unclipped; None unless valid and calibrated
    message: str
    scoring_seconds: float
    details: dict[str, Any] = field(default_factory=dict)
