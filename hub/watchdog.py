"""The second enforcer: ends what is past its limit, also when Hub and service are down."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import and_, or_, select

from hub.clock import Clock, utcnow
from hub.errors import PortalError
from hub.lifecycle import Lifecycle
from hub.settings import Settings
from hub.store import heartbeats, leases
from hub.store.database import Store
from hub.store.models import Attempt, Server

log = logging.getLogger(__name__)

PART = "watchdog"
THREADS = 8
UNDER_THE_CLOCK = ("running", "paused", "ending")
CLOSED = ("assigned", "finished")
RECONCILE_SECONDS = 10.0


def watch(
    settings: Settings,
    store: Store,
    stop: threading.Event,
    *,
    lifecycle: Lifecycle | None = None,
    now: Clock = utcnow,
) -> None:
    """Look at every attempt under the clock until `stop` is set.

    Also ends what still runs for an attempt that is over. It prepares nothing: that can wait
    for the service.
    """
    watchdog = Watchdog(settings, store, lifecycle or Lifecycle(settings, store, now=now), now)
    while not stop.is_set():
        watchdog.look()
        stop.wait(settings.tick_seconds)
    watchdog.close()


class Watchdog:
    """Looks at attempts side by side, so that a slow one holds up nobody else."""

    def __init__(self, settings: Settings, store: Store, lifecycle: Lifecycle, now: Clock) -> None:
        self._store, self._lifecycle, self._now = store, lifecycle, now
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=PART)
        self._busy: dict[int, Future[None]] = {}
        self._reconciled_at = now()

    def look(self) -> None:
        """One look; errors are logged, for the next look is what repairs them."""
        try:
            heartbeats.beat(self._store, PART, self._now())
            self._reconcile()
            due = watched(self._store)
        except PortalError as error:
            log.error("this look failed; the next follows: %s", error.log)
            return
        self._busy = {i: future for i, future in self._busy.items() if not future.done()}
        for attempt_id in due:
            if attempt_id not in self._busy:
                self._busy[attempt_id] = self._threads.submit(self._advance, attempt_id)

    def close(self) -> None:
        """Waits for the looks under way."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _advance(self, attempt_id: int) -> None:
        try:
            self._lifecycle.advance(attempt_id)
        except PortalError as error:
            log.warning("attempt %d was not moved on: %s", attempt_id, error.log)
        except Exception:
            # One attempt's trouble must not end the enforcement of the others.
            log.exception("attempt %d was not moved on", attempt_id)

    def _reconcile(self) -> None:
        if (self._now() - self._reconciled_at).total_seconds() < RECONCILE_SECONDS:
            return
        self._reconciled_at = self._now()
        for uuid in leases.reconcile(self._store):
            log.warning("GPU %s was held by an attempt that is over; it is free again", uuid)


def watched(store: Store) -> list[int]:
    """Attempts under the clock, and closed ones whose server was never stopped."""
    query = (
        select(Attempt.id)
        .outerjoin(Server, Server.attempt_id == Attempt.id)
        .where(
            or_(
                Attempt.state.in_(UNDER_THE_CLOCK),
                and_(
                    Attempt.state.in_(CLOSED),
                    Server.attempt_id.is_not(None),
                    Server.stopped_at.is_(None),
                ),
            )
        )
    )
    with store.read() as session:
        return list(session.scalars(query))
