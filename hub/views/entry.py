"""One score as its reader may see it. The policy on hidden scores is applied here, only here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from environments.contract import Environment
from hub.best_score import best_entry
from hub.clock import iso
from hub.store.models import Attempt, ScoreEntry

View = dict[str, Any]
HIDDEN_MESSAGE = "Scored. The number is not shown in this attempt."


@dataclass(frozen=True)
class Reader:
    """Who looks at an attempt's scores."""

    for_admin: bool
    shown: bool  # whether the expert may see the numbers

    @staticmethod
    def of(attempt: Attempt, *, for_admin: bool) -> Reader:
        """Only the policy `full` shows numbers: no scorer gives a validation score apart yet."""
        return Reader(for_admin, attempt.score_policy == "full")

    @property
    def sees(self) -> bool:
        return self.for_admin or self.shown


def entry_view(entry: ScoreEntry, reader: Reader) -> View:
    """EntryView. Where the number is hidden, so is the message that could hold it."""
    hidden = not reader.sees
    veiled = hidden and entry.status == "valid"
    view = {
        "index": entry.index,
        "kind": entry.kind,
        "requested_at": iso(entry.requested_at),
        "working_seconds": entry.working_seconds,
        "status": entry.status,
        "score": None if hidden else entry.score,
        "normalized_score": None if hidden else entry.normalized_score,
        "message": HIDDEN_MESSAGE if veiled else entry.message,
        "scoring_seconds": entry.scoring_seconds,
        "snapshot": entry.snapshot,
        "hidden": hidden,
    }
    if reader.for_admin:
        view |= {"details": entry.details, "worker": entry.worker, "hash": entry.hash}
    return view


def best_of(entries: Sequence[ScoreEntry], environment: Environment | None) -> ScoreEntry | None:
    """The entry that stands for an attempt; None also where nobody knows which end is better."""
    if environment is None:
        return None
    return best_entry(entries, environment.direction, environment.aggregation)


def best_view(
    entries: Sequence[ScoreEntry], environment: Environment | None, reader: Reader
) -> View | None:
    """The entry that counts; for who may not see numbers the last one, so that it tells nothing."""
    if reader.sees:
        best = best_of(entries, environment)
    else:
        best = best_entry(entries, "higher", "last")
    return None if best is None else entry_view(best, reader)


def counts(entry: ScoreEntry) -> bool:
    """Whether an entry is one of the expert's scores: not the first one, nor a fault of ours."""
    return entry.kind != "starting" and entry.status != "failed"
