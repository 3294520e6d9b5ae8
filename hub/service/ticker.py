"""The service's enforcer of the clock: moves every unfinished attempt on, twice a second."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from hub.service.context import Portal
from hub.store.models import Attempt, Heartbeat

log = logging.getLogger(__name__)

PART = "service"
THREADS = 8


class Ticker:
    """Advances attempts side by side: a slow or broken one holds up nobody else.

    The watchdog does the same from outside; `Lifecycle.advance` is harmless twice.
    """

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="ticker")
        self._busy: dict[int, asyncio.Future[None]] = {}
        self._complaints: dict[str, str] = {}

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._tick()
                await asyncio.sleep(self._portal.settings.tick_seconds)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            unfinished = await loop.run_in_executor(None, self._beat)
            self._portal.changes.tell(await loop.run_in_executor(None, self._portal.changes.look))
        except Exception as problem:  # noqa: BLE001 - logged; without this loop no clock ends
            self._complain("the database", problem)
            return
        self._complaints.pop("the database", None)
        self._busy = {i: future for i, future in self._busy.items() if not future.done()}
        for attempt_id in unfinished:
            if attempt_id not in self._busy:
                self._busy[attempt_id] = loop.run_in_executor(
                    self._threads, self._advance, attempt_id
                )

    def _beat(self) -> list[int]:
        """Leaves the sign of life; returns the attempts that are not finished."""
        with self._portal.store.write() as session:
            session.merge(Heartbeat(part=PART, at=self._portal.now()))
        with self._portal.store.read() as session:
            return list(session.scalars(select(Attempt.id).where(Attempt.state != "finished")))

    def _advance(self, attempt_id: int) -> None:
        try:
            self._portal.lifecycle.advance(attempt_id)
        except Exception as problem:  # noqa: BLE001 - logged; the next look tries again
            self._complain(f"attempt {attempt_id}", problem)
        else:
            self._complaints.pop(f"attempt {attempt_id}", None)

    def _complain(self, about: str, problem: Exception) -> None:
        """With its trace, but only once while it stays the same: it comes back twice a second."""
        if self._complaints.get(about) != repr(problem):
            self._complaints[about] = repr(problem)
            log.error("%s: failed, trying again", about, exc_info=problem)
