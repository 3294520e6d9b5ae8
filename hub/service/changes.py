"""Which attempts changed since the last look, for whoever listens."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.store.database import Store
from hub.store.models import Attempt, AttemptEvent, ScoreEntry, ScoreRequest

MOST_WAITING = 100  # changes; a listener that is further behind misses some and asks anyway

Change = tuple[int, str]  # attempt, its expert


class Changes:
    """Looks at the database, so that changes by workers and watchdog are seen as well."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[int, Hashable] | None = None
        self.closing = False  # set at shutdown, so that streams end by themselves
        self._listeners: set[asyncio.Queue[Change]] = set()

    def look(self) -> list[Change]:
        """What changed since the last look; nothing at the first. Blocks on the database."""
        with self._store.read() as session:
            experts = {
                i: expert for i, expert in session.execute(select(Attempt.id, Attempt.expert))
            }
            marks = _marks(session)
        now = {attempt: marks.get(attempt) for attempt in experts}
        before, self._seen = self._seen, now
        if before is None:
            return []
        return [(a, experts[a]) for a, mark in now.items() if a not in before or before[a] != mark]

    def tell(self, changes: list[Change]) -> None:
        for queue in self._listeners:
            for change in changes:
                if not queue.full():
                    queue.put_nowait(change)

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Change]]:
        queue: asyncio.Queue[Change] = asyncio.Queue(MOST_WAITING)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)


def _marks(session: Session) -> dict[int, Hashable]:
    """Per attempt a value that differs as soon as something about it differs."""
    parts: dict[int, list[Hashable]] = {}
    events = select(AttemptEvent.attempt_id, func.max(AttemptEvent.id))
    entries = select(ScoreEntry.attempt_id, func.max(ScoreEntry.sequence))
    for attempt, last in session.execute(events.group_by(AttemptEvent.attempt_id)):
        parts.setdefault(attempt, []).append(("event", last))
    for attempt, last in session.execute(entries.group_by(ScoreEntry.attempt_id)):
        parts.setdefault(attempt, []).append(("entry", last))
    waiting = select(
        ScoreRequest.attempt_id, ScoreRequest.id, ScoreRequest.status, ScoreRequest.stage
    ).where(ScoreRequest.status != "done")
    for attempt, *request in session.execute(waiting.order_by(ScoreRequest.id)):
        parts.setdefault(attempt, []).append(tuple(request))
    return {attempt: tuple(marks) for attempt, marks in parts.items()}
