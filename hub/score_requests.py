"""Accepting score requests and taking the snapshots behind them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub import snapshots
from hub.attempt_server import attempt_uid
from hub.attempts import State
from hub.errors import BadInput, Refused
from hub.means import Means
from hub.snapshots import SnapshotRefused
from hub.store import events
from hub.store.models import Attempt, ScoreRequest
from hub.store.requests import OPEN
from hub.turns import turn

log = logging.getLogger(__name__)

STARTING, REQUESTED, FINAL = "starting", "requested", "final"
OPEN_ALLOWED = 3  # waiting or being scored, for one attempt
OVERDUE_SECONDS = 5.0  # whoever accepted the request does not copy the solution any more
PATIENCE_SECONDS = 10.0
NONCE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def accept(means: Means, attempt_id: int, nonce: str) -> int:
    """Make the request durable and return its id; the same nonce gives the same request.

    Raises `BadInput`, `Refused` or `TimeIsUp`, and then nothing is written.
    """
    if not NONCE.fullmatch(nonce) or nonce.startswith((STARTING, FINAL)):
        raise BadInput(f"{nonce[:64]!r} cannot name a score request: use letters, digits and _.:-")
    at = means.now()
    with means.store.write() as session:
        attempt = events.get_attempt(session, attempt_id)
        known = _by_nonce(session, attempt_id, nonce)
        if known is not None:
            return known.id
        progress = events.progress(session, attempt)
        progress.check_score(at)
        _refuse_crowd(session, attempt_id)
        return add(session, attempt, nonce, REQUESTED, at, progress.working_seconds(at)).id


def add(
    session: Session,
    attempt: Attempt,
    nonce: str,
    kind: str,
    at: datetime,
    working_seconds: float,
    snapshot: str | None = None,
    refusal: str | None = None,
) -> ScoreRequest:
    """The request of this nonce, added with the next index unless it is there."""
    known = _by_nonce(session, attempt.id, nonce)
    if known is not None:
        return known
    highest = select(func.max(ScoreRequest.index)).where(ScoreRequest.attempt_id == attempt.id)
    last = session.scalar(highest)
    row = ScoreRequest(
        attempt_id=attempt.id, index=0 if last is None else last + 1, nonce=nonce, kind=kind,
        requested_at=at, working_seconds=working_seconds, snapshot=snapshot, refusal=refusal,
        status="queued",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def copy_solution(means: Means, attempt_id: int) -> tuple[str | None, str | None]:
    """Snapshot hash, or the sentence why the solution cannot be one.

    The caller sees to it that nothing writes meanwhile.
    """
    try:
        attempt, _ = means.look(attempt_id)
        uid, environment = attempt_uid(means.settings, attempt_id), means.environment(attempt)
        return snapshots.take(means.settings, attempt_id, uid, environment), None
    except SnapshotRefused as refused:
        return None, refused.message


def complete(
    means: Means,
    attempt_id: int,
    accepted_before: datetime | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> None:
    """Give every request that still lacks its snapshot one, taken now; harmless twice."""
    if not _incomplete(means, attempt_id, accepted_before):
        return
    folder = means.settings.attempt_folder(attempt_id)
    with turn(folder, patience_seconds):
        waiting = _incomplete(means, attempt_id, accepted_before)
        if not waiting:
            return
        with _standing_still(means, attempt_id):
            snapshot, refusal = copy_solution(means, attempt_id)
        with means.store.write() as session:
            for row in session.scalars(select(ScoreRequest).where(ScoreRequest.id.in_(waiting))):
                if row.snapshot is None and row.refusal is None:
                    row.snapshot, row.refusal = snapshot, refusal


def complete_overdue(means: Means, attempt_id: int) -> None:
    """After a crash between accepting a request and copying the solution."""
    complete(means, attempt_id, means.now() - timedelta(seconds=OVERDUE_SECONDS))


@contextmanager
def _standing_still(means: Means, attempt_id: int) -> Iterator[None]:
    """Nothing in the sandbox moves while its files are copied; goes on only if the clock does."""
    means.servers.freeze(attempt_id)
    try:
        yield
    finally:
        _, progress = means.look(attempt_id)
        if progress.state is State.RUNNING:
            means.servers.thaw(attempt_id)


def _incomplete(means: Means, attempt_id: int, accepted_before: datetime | None) -> list[int]:
    query = select(ScoreRequest.id).where(
        ScoreRequest.attempt_id == attempt_id, ScoreRequest.status == "queued",
        ScoreRequest.snapshot.is_(None), ScoreRequest.refusal.is_(None),
    )  # fmt: skip
    if accepted_before is not None:
        query = query.where(ScoreRequest.requested_at < accepted_before)
    with means.store.read() as session:
        return list(session.scalars(query))


def _by_nonce(session: Session, attempt_id: int, nonce: str) -> ScoreRequest | None:
    query = select(ScoreRequest).where(
        ScoreRequest.attempt_id == attempt_id, ScoreRequest.nonce == nonce
    )
    return session.scalars(query).first()


def _refuse_crowd(session: Session, attempt_id: int) -> None:
    query = select(func.count()).where(
        ScoreRequest.attempt_id == attempt_id, ScoreRequest.status.in_(OPEN)
    )
    if (session.scalar(query) or 0) >= OPEN_ALLOWED:
        raise Refused(
            f"{OPEN_ALLOWED} of your scores are still waiting or being scored.",
            hint="Ask again when one of them is there.",
        )
