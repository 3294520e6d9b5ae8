"""Which score stands for an attempt."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hub.best_score import best_entry


@dataclass(frozen=True)
class Line:
    index: int
    status: str
    score: float | None


LOG = [
    Line(0, "valid", 2.0),
    Line(2, "invalid", None),
    Line(3, "valid", 1.0),
    Line(1, "valid", -3.0),
    Line(4, "failed", None),
    Line(5, "valid", 1.0),
]


@pytest.mark.parametrize(
    ("direction", "aggregation", "index"),
    [("lower", "best", 1), ("higher", "best", 0), ("lower", "last", 5), ("higher", "last", 5)],
)
def test_the_environment_says_which_entry_counts(
    direction: str, aggregation: str, index: int
) -> None:
    best = best_entry(LOG, direction, aggregation)
    assert best is not None
    assert best.index == index


def test_of_equal_scores_the_earlier_counts() -> None:
    assert best_entry(LOG[2:3] + LOG[5:], "lower", "best") == LOG[2]


def test_without_a_valid_score_there_is_no_best() -> None:
    assert best_entry([LOG[1], LOG[4]], "lower", "best") is None
