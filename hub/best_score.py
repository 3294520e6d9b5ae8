"""Which entry of a score log stands for an attempt. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Scored(Protocol):
    @property
    def index(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def score(self) -> float | None: ...


Entry = TypeVar("Entry", bound=Scored)


def best_entry(entries: Iterable[Entry], direction: str, aggregation: str) -> Entry | None:
    """The best valid entry, or the last one where the environment says so; None without any.

    Of equal scores the earlier one. The starting solution counts: nobody ends below it.
    """
    valid = sorted((e for e in entries if e.status == "valid"), key=lambda entry: entry.index)
    if not valid or aggregation == "last":
        return valid[-1] if valid else None
    sign = 1.0 if direction == "lower" else -1.0
    return min(valid, key=lambda entry: sign * (entry.score or 0.0))
