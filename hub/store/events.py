"""Reading and adding to the life of an attempt; the one place that writes `AttemptEvent`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.attempts import Progress, fold
from hub.errors import NotFound
from hub.score_log import storable
from hub.store.models import Attempt, AttemptEvent
from hub.transitions import CLOCKLESS


def get_attempt(session: Session, attempt_id: int) -> Attempt:
    """Raises `NotFound`."""
    attempt = session.get(Attempt, attempt_id)
    if attempt is None:
        raise NotFound(f"There is no attempt {attempt_id}.")
    return attempt


def events_of(session: Session, attempt: Attempt) -> list[AttemptEvent]:
    """All events of an attempt, oldest first."""
    query = select(AttemptEvent).where(AttemptEvent.attempt_id == attempt.id)
    return list(session.scalars(query.order_by(AttemptEvent.sequence)))


def progress(session: Session, attempt: Attempt) -> Progress:
    """State and clock of an attempt."""
    return fold(attempt.budget_seconds, events_of(session, attempt))


def progress_of_many(session: Session, attempts: Sequence[Attempt]) -> dict[int, Progress]:
    """State and clock of many attempts by their id, in one query."""
    events: dict[int, list[AttemptEvent]] = {attempt.id: [] for attempt in attempts}
    query = select(AttemptEvent).where(AttemptEvent.attempt_id.in_(events))
    for event in session.scalars(query.order_by(AttemptEvent.sequence)):
        events[event.attempt_id].append(event)
    return {attempt.id: fold(attempt.budget_seconds, events[attempt.id]) for attempt in attempts}


def append(
    session: Session,
    attempt: Attempt,
    kind: str,
    at: datetime,
    actor: str,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> Progress:
    """Adds an event if the attempt's rules allow it and returns the progress after it.

    Must run inside `Store.write`. A moment before the last event, as after a clock was set back,
    is moved to it. Raises `Refused`, `TimeIsUp` or `BadInput`, and then nothing is written.
    """
    before = progress(session, attempt)
    if before.last_at is not None and kind not in CLOCKLESS:
        at = max(at, before.last_at)
    before.check(kind, at, data)
    event = AttemptEvent(
        attempt_id=attempt.id, sequence=before.events, kind=str(kind), at=at, actor=actor,
        reason=storable(reason), data=storable(data or {}),
    )  # fmt: skip
    after = before.after(event)
    session.add(event)
    attempt.state = after.state.value
    session.flush()
    return after
