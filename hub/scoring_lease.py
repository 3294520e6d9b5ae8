"""A worker's hold on a request while it scores: signs of life, and letting go in time."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from environments.launching import Launch, Launcher, SolutionProcess
from environments.outcomes import ScorerFailure
from hub.clock import Clock
from hub.errors import Unavailable
from hub.store import heartbeats, requests
from hub.store.database import Store
from hub.store.requests import Claim

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
GRACE_SECONDS = 3.0  # a worker told to stop may still finish within this


class Lease:
    """Context of one scoring. Beats each second from a thread of its own.

    When the worker is told to stop, the request is given back after a grace; when the request
    is no longer ours, or given back, the solution's processes are killed and `lost` is set.
    """

    def __init__(self, store: Store, claim: Claim, stop: threading.Event, now: Clock) -> None:
        self.lost = threading.Event()
        self._store, self._claim, self._stop, self._now = store, claim, stop, now
        self._ended = threading.Event()
        self._launched: list[SolutionProcess] = []
        self._thread = threading.Thread(target=self._watch, name="heartbeat", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def watching(self, launch: Launcher) -> Launcher:
        """The same launcher, whose processes end when the request is lost."""

        def launch_watched(wanted: Launch) -> SolutionProcess:
            if self.lost.is_set():
                raise ScorerFailure("This scoring was given up.")
            process = launch(wanted)
            self._launched.append(process)
            if self.lost.is_set():
                process.kill()
            return process

        return launch_watched

    def progress(self, stage: str) -> None:
        """Shown to the expert while the scoring runs."""
        requests.report_stage(self._store, self._claim, stage)

    def _watch(self) -> None:
        told_at: float | None = None
        while not self._ended.wait(HEARTBEAT_SECONDS):
            if self._stop.is_set():
                told_at = told_at or time.monotonic()
                if time.monotonic() - told_at >= GRACE_SECONDS:
                    requests.give_back(self._store, self._claim)
                    return self._let_go()
            if not self._beat():
                log.warning("request %d is no longer ours", self._claim.request_id)
                return self._let_go()

    def _beat(self) -> bool:
        try:
            heartbeats.beat(self._store, self._claim.worker, self._now())
            return requests.heartbeat(self._store, self._claim, self._now())
        except Unavailable:
            return True  # a busy database; if it lasts, the lease ends and the next beat says so

    def _let_go(self) -> None:
        self.lost.set()
        for process in self._launched:
            process.kill()
