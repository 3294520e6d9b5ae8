"""What the portal does by itself: each look moves an attempt to where the rules say it is.

The service and the watchdog both look, each twice a second, and may look at the same moment:
every step is harmless twice, and the database settles who was first.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub import delivery, ending, preparation, score_requests
from hub.attempts import Ending, EventKind, Progress, State
from hub.clock import iso
from hub.errors import Unavailable
from hub.means import PORTAL, Means
from hub.store import events
from hub.store.models import Attempt, Server
from hub.turns import turn

log = logging.getLogger(__name__)

LONGEST_COPY_SECONDS = 10.0  # a running attempt frozen for longer was forgotten by a crash
DELIVERY_PATIENCE_SECONDS = 30.0


class Enforcer:
    """One process's looks. Remembers only what it has frozen itself."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._held: dict[int, tuple[State, datetime | None]] = {}  # attempt → in what, since when

    def advance(self, attempt_id: int) -> None:
        """One look. Raises `Unavailable` and errors of the machine: the next look goes on."""
        attempt, progress = self._means.look(attempt_id)
        if progress.is_over(self._means.now()):
            attempt, progress = self._end_by_limit(attempt_id, progress)
        match progress.state:
            case State.PREPARING:
                preparation.advance(self._means, attempt)
            case State.READY:
                self._keep_ready(attempt_id, progress)
            case State.RUNNING:
                self._keep_running(attempt_id, progress)
            case State.PAUSED:
                self._hold(attempt_id, progress, ending.ANSWER_SECONDS)
            case State.ENDING:
                ending.advance(self._means, attempt, progress)
            case State.ASSIGNED | State.FINISHED:
                self._keep_closed(attempt_id)

    def start(self, attempt_id: int, by: str, data: Mapping[str, Any] | None = None) -> None:
        """Deliver, then start the clock, then let the server go on: in this order, so that the
        clock never runs before the files are there."""
        means = self._means
        with turn(means.settings.attempt_folder(attempt_id), DELIVERY_PATIENCE_SECONDS):
            attempt, progress = means.look(attempt_id)
            progress.check(EventKind.STARTED, means.now())
            delivery.deliver(means.settings, attempt, means.environment(attempt))
            means.append(attempt_id, EventKind.STARTED, by, data=data)
        means.servers.thaw(attempt_id)

    def _end_by_limit(self, attempt_id: int, progress: Progress) -> tuple[Attempt, Progress]:
        """The end is dated at the limit itself, however late we look."""
        data = {"ending": Ending.TIME_UP.value}
        limit = progress.deadline()
        self._means.append_unless_done(attempt_id, EventKind.ENDING, data=data, at=limit)
        return self._means.look(attempt_id)

    def _keep_ready(self, attempt_id: int, progress: Progress) -> None:
        if self._means.servers.alive(attempt_id):
            self._hold(attempt_id, progress, 0.0)
        else:
            preparation.again(self._means, attempt_id)

    def _keep_running(self, attempt_id: int, progress: Progress) -> None:
        self._held.pop(attempt_id, None)
        if not self._means.servers.alive(attempt_id):
            self._restart(attempt_id)
        elif self._forgotten(attempt_id, progress):
            self._means.servers.thaw(attempt_id)
        score_requests.complete_overdue(self._means, attempt_id)

    def _keep_closed(self, attempt_id: int) -> None:
        self._held.pop(attempt_id, None)
        if self._means.servers.alive(attempt_id):
            log.warning("attempt %d is closed; its server is stopped", attempt_id)
            self._means.servers.stop(attempt_id)

    def _hold(self, attempt_id: int, progress: Progress, grace_seconds: float) -> None:
        """Freeze, once in each process and whenever the record says that it is not frozen."""
        since, now = progress.last_at, self._means.now()
        if since is not None and (now - since).total_seconds() < grace_seconds:
            return
        server = self._server(attempt_id)
        marked = server is not None and server.frozen_at is not None
        if not marked or self._held.get(attempt_id) != (progress.state, since):
            self._freeze_or_stop(attempt_id)
            self._held[attempt_id] = (progress.state, since)

    def _freeze_or_stop(self, attempt_id: int) -> None:
        """Nothing computes off the clock: what cannot be frozen is stopped, and that is said."""
        try:
            self._means.servers.freeze(attempt_id)
        except Unavailable as error:
            log.error("attempt %d: %s", attempt_id, error.log)
            self._means.servers.stop(attempt_id)
            reason = "The notebook server could not be frozen and was stopped; files are kept."
            self._means.append(attempt_id, EventKind.NOTED, reason=reason)

    def _forgotten(self, attempt_id: int, progress: Progress) -> bool:
        """Whether someone froze this running server and died before thawing it."""
        server = self._server(attempt_id)
        if server is None or server.frozen_at is None:
            return False
        age_seconds = (self._means.now() - server.frozen_at).total_seconds()
        from_before = progress.last_at is not None and server.frozen_at < progress.last_at
        return from_before or age_seconds > LONGEST_COPY_SECONDS

    def _restart(self, attempt_id: int) -> None:
        """The expert's own `kill`, or no memory left: the clock runs on, the files are there."""
        self._note_death(attempt_id)
        try:
            self._means.servers.start(attempt_id)
        except Unavailable as error:
            log.warning("server of attempt %d: %s", attempt_id, error.log)

    def _note_death(self, attempt_id: int) -> None:
        """One remark for each server that ended, whoever of the enforcers saw it first."""
        with self._means.store.write() as session:
            server = session.get(Server, attempt_id)
            if server is None:
                return
            attempt = events.get_attempt(session, attempt_id)
            data = {"server": "ended", "started_at": iso(server.started_at)}
            if any(event.data == data for event in events.events_of(session, attempt)):
                return
            now = self._means.now()
            server.stopped_at = server.stopped_at or now
            reason = "The notebook server ended by itself and is started again."
            events.append(session, attempt, EventKind.NOTED, now, PORTAL, reason, data)

    def _server(self, attempt_id: int) -> Server | None:
        with self._means.store.read() as session:
            return session.get(Server, attempt_id)
