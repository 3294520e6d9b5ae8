"""The scale of normalized scores: starting and reference score, measured or published."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from environments.contract import Profile

FILE = "calibration.json"


@dataclass(frozen=True)
class Spread:
    """Raw scores of one solution, scored several times."""

    mean: float
    sd: float  # of one scoring, n - 1; 0 for a single score
    scores: tuple[float, ...]

    @staticmethod
    def of(scores: Sequence[float]) -> Spread:
        sd = statistics.stdev(scores) if len(scores) > 1 else 0.0
        return Spread(statistics.fmean(scores), sd, tuple(scores))


@dataclass(frozen=True)
class Calibration:
    """The two ends of the scale, raw scores."""

    environment: str
    profile: str
    starting: Spread
    reference: Spread
    scoring_seconds: float  # mean of one call

    @property
    def gap_in_sd(self) -> float | None:
        """Distance of the two ends in the larger standard deviation of re-scoring one."""
        noise = max(self.starting.sd, self.reference.sd)
        gap = abs(self.reference.mean - self.starting.mean)
        return gap / noise if noise > 0 else None

    def to_json(self) -> dict[str, Any]:
        """The shape of `portal calibrate --json`."""
        return asdict(self)

    @staticmethod
    def from_json(table: dict[str, Any]) -> Calibration:
        spreads = {}
        for end in ("starting", "reference"):
            spread = table[end]
            spreads[end] = Spread(spread["mean"], spread["sd"], tuple(spread["scores"]))
        return Calibration(
            environment=table["environment"],
            profile=table["profile"],
            scoring_seconds=table["scoring_seconds"],
            **spreads,
        )


def normalize(score: float, starting: float, reference: float) -> float:
    """0 at the starting score, 1 at the reference score, unclipped, either direction."""
    return (score - starting) / (reference - starting)


def ends(profile: Profile, assets: Path) -> tuple[float, float] | None:
    """Starting and reference score: as measured here, else the profile's published constants."""
    measured = load(assets)
    if measured is not None:
        return measured.starting.mean, measured.reference.mean
    if profile.starting_score is None or profile.reference_score is None:
        return None
    return profile.starting_score, profile.reference_score


def load(assets: Path) -> Calibration | None:
    """The calibration kept with prepared assets, None if there is none yet."""
    try:
        text = (assets / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return Calibration.from_json(json.loads(text))


def save(assets: Path, calibration: Calibration) -> None:
    """Replace the calibration in one step: a reader sees the old one or the new one."""
    temporary = assets / f".{FILE}.{os.getpid()}"
    temporary.write_text(json.dumps(calibration.to_json(), indent=2) + "\n", encoding="utf-8")
    temporary.replace(assets / FILE)
