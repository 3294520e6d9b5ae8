"""The score of index 0: the starting solution, scored before the clock as any other."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from environments import preparing
from hub import score_requests, snapshots
from hub.means import Means
from hub.store.models import Attempt, ScoreEntry, ScoreRequest


def starting_entry(means: Means, attempt: Attempt, since: datetime) -> ScoreEntry | None:
    """The entry that decides the preparation begun at `since`; None while it is being scored.

    Queues the request if there is none that counts.
    """
    request = _request(means, attempt, since)
    with means.store.read() as session:
        return session.scalars(_entry_query(request)).first()


def _request(means: Means, attempt: Attempt, since: datetime) -> ScoreRequest:
    with means.store.read() as session:
        known = _requests(session, attempt.id)
        if known and _counts(session, attempt, known[-1], since):
            return known[-1]
    snapshot = _snapshot(means, attempt)
    nonce = f"{score_requests.STARTING}-{len(known)}"
    with means.store.write() as session:
        kind, at = score_requests.STARTING, means.now()
        return score_requests.add(session, attempt, nonce, kind, at, 0.0, snapshot)


def _counts(session: Session, attempt: Attempt, request: ScoreRequest, since: datetime) -> bool:
    """Whether an earlier result still says what is true now: same rules, and a valid number."""
    if request.requested_at >= since or request.status != "done":
        return True
    entry = session.scalars(_entry_query(request)).one()
    return entry.status == "valid" and entry.environment_hash == attempt.environment_hash


def _snapshot(means: Means, attempt: Attempt) -> str:
    with TemporaryDirectory(prefix="portal-starting-") as name:
        folder, environment = Path(name), means.environment(attempt)
        preparing.starting_solution(environment, means.assets(attempt), folder)
        return snapshots.from_folder(means.settings, folder)


def _requests(session: Session, attempt_id: int) -> list[ScoreRequest]:
    query = select(ScoreRequest).where(
        ScoreRequest.attempt_id == attempt_id, ScoreRequest.kind == score_requests.STARTING
    )
    return list(session.scalars(query.order_by(ScoreRequest.index)))


def _entry_query(request: ScoreRequest) -> Select[ScoreEntry]:
    return select(ScoreEntry).where(ScoreEntry.request_id == request.id)
