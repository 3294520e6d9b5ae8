"""Writing and reading the score log; the one place that writes `ScoreEntry`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from environments.outcomes import Outcome
from hub.score_log import GENESIS, entry_hash, fields_of, storable
from hub.store.models import Attempt, ScoreEntry, ScoreRequest


def write_entry(
    session: Session,
    request: ScoreRequest,
    outcome: Outcome,
    *,
    environment_hash: str,
    worker: str,
    hardware: Mapping[str, Any],
    guards: Mapping[str, Any],
    at: datetime,
) -> ScoreEntry:
    """Adds the entry of a request at the end of the chain and marks the request done.

    Must run inside `Store.write`: both happen together or not at all. Raises IntegrityError if
    the request has an entry already.
    """
    last = _last(session)
    entry = ScoreEntry(
        sequence=last.sequence + 1 if last else 1,
        previous_hash=last.hash if last else GENESIS,
        **_of_request(request),
        **_of_outcome(outcome),
        environment_hash=environment_hash,
        worker=worker,
        hardware=storable(hardware),
        guards=storable(guards),
        written_at=at,
    )
    entry.hash = entry_hash(fields_of(entry))
    session.add(entry)
    request.status = "done"
    session.flush()
    return entry


def entries_of(session: Session, attempt_id: int) -> list[ScoreEntry]:
    """The score log of one attempt, by the order of the requests."""
    query = select(ScoreEntry).where(ScoreEntry.attempt_id == attempt_id)
    return list(session.scalars(query.order_by(ScoreEntry.index)))


def entries_of_many(session: Session, attempts: Sequence[Attempt]) -> dict[int, list[ScoreEntry]]:
    """The score logs of many attempts by attempt id, in one query."""
    entries: dict[int, list[ScoreEntry]] = {attempt.id: [] for attempt in attempts}
    query = select(ScoreEntry).where(ScoreEntry.attempt_id.in_(entries))
    for entry in session.scalars(query.order_by(ScoreEntry.index)):
        entries[entry.attempt_id].append(entry)
    return entries


def requests_of(session: Session, attempt_id: int) -> list[ScoreRequest]:
    """All score requests of one attempt, in their order."""
    query = select(ScoreRequest).where(ScoreRequest.attempt_id == attempt_id)
    return list(session.scalars(query.order_by(ScoreRequest.index)))


def _last(session: Session) -> ScoreEntry | None:
    return session.scalars(select(ScoreEntry).order_by(ScoreEntry.sequence.desc()).limit(1)).first()


def _of_request(request: ScoreRequest) -> dict[str, Any]:
    return {
        "request_id": request.id,
        "attempt_id": request.attempt_id,
        "index": request.index,
        "kind": request.kind,
        "requested_at": request.requested_at,
        "working_seconds": _number(request.working_seconds),
        "snapshot": request.snapshot,
    }


def _of_outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "score": _number(outcome.score),
        "normalized_score": _number(outcome.normalized_score),
        "message": storable(outcome.message),
        "details": storable(outcome.details),
        "scoring_seconds": _number(outcome.scoring_seconds),
    }


def _number(value: float | None) -> float | None:
    """A plain float that SQLite returns bit by bit: it would turn -0.0 into 0.0."""
    return None if value is None else float(value) + 0.0
