"""When an expert was last heard of, per attempt: their pages and the panel ask now and then."""

from __future__ import annotations

from datetime import datetime


class Presence:
    """Kept in memory only: after a restart of the service it is empty until the next request."""

    def __init__(self) -> None:
        self._seen: dict[int, datetime] = {}

    def seen(self, attempt_id: int, at: datetime) -> None:
        self._seen[attempt_id] = at

    def last(self, attempt_id: int) -> datetime | None:
        return self._seen.get(attempt_id)
