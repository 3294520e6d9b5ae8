"""The queue of score requests: who takes which next, who still works on it, what is left over.

A worker holds a request by name and by the number of its claim; whatever it does later counts
only while it still holds it, so a worker that was silent too long cannot write.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from hub.store.database import Store
from hub.store.models import Attempt, ScoreEntry, ScoreRequest

OPEN = ("queued", "running")
CLAIMS_ALLOWED = 3
COPY_PATIENCE_SECONDS = 120.0  # a request still without a snapshot then fails
EXPECTATION_ENTRIES = 9  # the latest entries whose median is the expected length


@dataclass(frozen=True)
class Claim:
    """One worker's hold on one request."""

    request_id: int
    attempt_id: int
    worker: str
    number: int  # 1 for the first worker that took it, 2 for the second …
    snapshot: str | None
    refusal: str | None
    age_seconds: float  # since the request was accepted

    @property
    def exhausted(self) -> bool:
        """Taken so often without an end that scoring it once more is pointless."""
        return self.number > CLAIMS_ALLOWED


def claim(store: Store, worker: str, at: datetime, lease_seconds: float) -> Claim | None:
    """Take the next request, or None. Oldest first, attempts served in turn.

    A running request whose worker was silent for `lease_seconds` may be taken again.
    """
    query = _next(at, lease_seconds)
    if not waiting(store, at, lease_seconds):  # an idle worker must not hold up writers
        return None
    with store.write() as session:
        row = session.scalars(query).first()
        if row is None:
            return None
        row.status, row.worker, row.stage = "running", worker, ""
        row.claims += 1
        row.claimed_at = row.heartbeat_at = at
        age_seconds = (at - row.requested_at).total_seconds()
        return Claim(
            row.id, row.attempt_id, worker, row.claims, row.snapshot, row.refusal, age_seconds
        )


def waiting(store: Store, at: datetime, lease_seconds: float) -> bool:
    """Whether there is something to claim."""
    with store.read() as session:
        return session.scalars(_next(at, lease_seconds)).first() is not None


def heartbeat(store: Store, claim: Claim, at: datetime) -> bool:
    """Sign of life. False if the request is no longer this worker's."""
    return _change(store, claim, heartbeat_at=at)


def report_stage(store: Store, claim: Claim, stage: str) -> bool:
    """What the scorer does now, for people."""
    return _change(store, claim, stage=stage[:200])


def give_back(store: Store, claim: Claim) -> bool:
    """Return a request unscored, as if it had not been taken."""
    changes = {"status": "queued", "worker": None, "heartbeat_at": None, "stage": ""}
    return _change(store, claim, claims=claim.number - 1, **changes)


def held(session: Session, claim: Claim) -> ScoreRequest | None:
    """The row, if this worker still holds it; inside a write transaction it stays held."""
    return session.scalars(select(ScoreRequest).where(_is_held(claim))).first()


def expected_seconds(session: Session, environment: str, profile: str) -> float | None:
    """Median length of the latest scorings of this environment, or None without any."""
    latest = (
        select(ScoreEntry.scoring_seconds)
        .join(Attempt, Attempt.id == ScoreEntry.attempt_id)
        .where(Attempt.environment == environment, Attempt.profile == profile)
        .where(ScoreEntry.status == "valid")
        .order_by(ScoreEntry.sequence.desc())
        .limit(EXPECTATION_ENTRIES)
    )
    lengths = list(session.scalars(latest))
    return statistics.median(lengths) if lengths else None


def _next(at: datetime, lease_seconds: float) -> Select[ScoreRequest]:
    other = aliased(ScoreRequest)
    last_served = (
        select(func.max(other.claimed_at))
        .where(other.attempt_id == ScoreRequest.attempt_id)
        .scalar_subquery()
    )
    given_up = at - timedelta(seconds=COPY_PATIENCE_SECONDS)
    complete = or_(
        ScoreRequest.snapshot.is_not(None),
        ScoreRequest.refusal.is_not(None),
        ScoreRequest.requested_at < given_up,
    )
    silent = at - timedelta(seconds=lease_seconds)
    abandoned = and_(ScoreRequest.status == "running", ScoreRequest.heartbeat_at < silent)
    return (
        select(ScoreRequest)
        .where(complete, or_(ScoreRequest.status == "queued", abandoned))
        .order_by(last_served.asc().nulls_first(), ScoreRequest.requested_at, ScoreRequest.id)
        .limit(1)
    )


def _is_held(claim: Claim) -> ColumnElement[bool]:
    return and_(
        ScoreRequest.id == claim.request_id,
        ScoreRequest.status == "running",
        ScoreRequest.worker == claim.worker,
        ScoreRequest.claims == claim.number,
    )


def _change(store: Store, claim: Claim, **values: object) -> bool:
    with store.write() as session:
        change = update(ScoreRequest).where(_is_held(claim)).values(**values)
        return cast(CursorResult[Any], session.execute(change)).rowcount == 1
