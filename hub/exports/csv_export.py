"""The record as CSV files with full precision: `attempts.csv`, `scores.csv`, `events.csv`.

Experts appear by pseudonym unless names are asked for. Free text (reasons, messages) is exported
as it was written and may still name someone.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.attempts import Progress
from hub.clock import Clock, iso, utcnow
from hub.exports.columns import ATTEMPTS, EVENTS, SCORES
from hub.store.database import Store
from hub.store.events import progress
from hub.store.log import entries_of
from hub.store.models import Attempt, AttemptEvent, Person, ScoreEntry
from hub.views.attempt import described
from hub.views.entry import best_of, counts

BATCH = 200  # rows in memory at a time
PROGRAMS = frozenset({"portal", "operator"})  # actors that are no accounts
COLUMNS_FILE = "columns.csv"


@dataclass(frozen=True)
class Names:
    """How accounts appear in this export."""

    shown: Mapping[str, str]  # account → what is written for it

    @staticmethod
    def of(session: Session, *, named: bool) -> Names:
        people = session.scalars(select(Person))
        return Names({p.name: p.name if named else p.pseudonym for p in people})

    def of_actor(self, actor: str) -> str:
        """Somebody unknown stays unknown: an actor that is no account is not written out."""
        return actor if actor in PROGRAMS else self.shown.get(actor, "unknown")


def export_csv(
    store: Store, folder: Path, *, named: bool = False, now: Clock = utcnow
) -> list[Path]:
    """Write the three tables and `columns.csv`, which explains them; returns their paths.

    One consistent view of the database. Each file appears complete or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with store.read() as session:
        names = Names.of(session, named=named)
        return [
            _write(folder / "attempts.csv", ATTEMPTS, _attempts(session, names, now())),
            _write(folder / "scores.csv", SCORES, _scores(session)),
            _write(folder / "events.csv", EVENTS, _events(session, names)),
            _write(folder / COLUMNS_FILE, ("file", "column", "meaning"), _columns()),
        ]


def _attempts(session: Session, names: Names, now: datetime) -> Iterator[dict[str, Any]]:
    for attempt_id in session.scalars(select(Attempt.id).order_by(Attempt.id)):
        attempt = session.get_one(Attempt, attempt_id)
        entries = entries_of(session, attempt_id)
        best = best_of(entries, described(attempt))
        yield {
            **_columns_of(attempt, ATTEMPTS),
            **_clock(progress(session, attempt), now),
            "attempt": attempt.id,
            "expert": names.shown[attempt.expert],
            "scores": sum(map(counts, entries)),
            "best_score": best and best.score,
            "best_normalized_score": best and best.normalized_score,
            "isolation": attempt.guards.get("isolation"),
        }
        session.expunge_all()


def _clock(done: Progress, now: datetime) -> dict[str, Any]:
    closed = ((p.until or p.since) - p.since for p in done.pauses)
    return {
        "state": done.state.value,
        "ending": done.ending,
        "verdict": done.verdict,
        "extension_seconds": done.extension_seconds,
        "working_seconds": done.working_seconds(now),
        "paused_seconds": sum(closed, timedelta(0)).total_seconds(),
        "started_at": done.started_at,
        "ended_at": done.ended_at,
        "finished_at": done.finished_at,
    }


def _scores(session: Session) -> Iterator[dict[str, Any]]:
    query = select(ScoreEntry).order_by(ScoreEntry.sequence)
    for entry in session.scalars(query.execution_options(yield_per=BATCH)):
        yield {**_columns_of(entry, SCORES), "attempt": entry.attempt_id}


def _events(session: Session, names: Names) -> Iterator[dict[str, Any]]:
    query = select(AttemptEvent).order_by(AttemptEvent.attempt_id, AttemptEvent.sequence)
    for event in session.scalars(query.execution_options(yield_per=BATCH)):
        actor = names.of_actor(event.actor)
        yield {**_columns_of(event, EVENTS), "attempt": event.attempt_id, "actor": actor}


def _columns() -> Iterator[dict[str, Any]]:
    for file, columns in {"attempts": ATTEMPTS, "scores": SCORES, "events": EVENTS}.items():
        for column, meaning in columns.items():
            yield {"file": f"{file}.csv", "column": column, "meaning": meaning}


def _columns_of(row: object, columns: Iterable[str]) -> dict[str, Any]:
    return {column: getattr(row, column) for column in columns if hasattr(row, column)}


def _write(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Path:
    names = list(columns)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(names)
            lines.writerows([_cell(row[name]) for name in names] for row in rows)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return path


def _cell(value: object) -> str:
    """Text that gives the very same value back: floats by repr, times in UTC, the rest as JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case datetime():
            return iso(value) or ""
        case float():
            return repr(value)
        case dict() | list():
            return json.dumps(value, sort_keys=True, ensure_ascii=False)
        case _:
            return str(value)
