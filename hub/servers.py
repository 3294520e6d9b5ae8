"""Notebook servers as the lifecycle uses them: asked of the Hub, frozen and ended by us."""

from __future__ import annotations

import logging
import time
from functools import cached_property
from typing import Any, Protocol

import httpx

from hub.clock import Clock, utcnow
from hub.errors import Unavailable
from hub.sandbox import SandboxedProcess
from hub.settings import Settings
from hub.store.database import Store
from hub.store.models import Attempt, Server

log = logging.getLogger(__name__)

ASK_AGAIN_SECONDS = 3.0  # a start that was refused or lost is asked for again after this
ASK_TIMEOUT_SECONDS = 5.0  # the Hub goes on with what it was asked when we stop listening


class Servers(Protocol):
    """One notebook server for each attempt. All calls are harmless when repeated."""

    def start(self, attempt_id: int) -> None:
        """Ask for a start and return. Raises `Unavailable` if nobody can be asked."""

    def ready(self, attempt_id: int) -> bool:
        """Whether the server answers. Raises `Unavailable` if that cannot be known now."""

    def alive(self, attempt_id: int) -> bool:
        """Whether its processes exist; says nothing about answering."""

    def freeze(self, attempt_id: int) -> None:
        """Nothing inside computes any more. Raises `Unavailable` if that cannot be reached."""

    def thaw(self, attempt_id: int) -> None: ...

    def stop(self, attempt_id: int) -> None:
        """End every process inside, whether the Hub answers or not."""


class HubServers:
    """`Servers` by the Hub's REST API for starting, by signals and control groups for the rest.

    Freezing and ending need no Hub. It does not stop the Hub from starting a server that was
    pending when `stop` was called: the enforcers find that one by its row and stop it again.
    """

    def __init__(self, settings: Settings, store: Store, now: Clock = utcnow) -> None:
        self._store = store
        self._now = now
        self._asked: dict[int, float] = {}  # attempt → monotonic seconds of the last question
        self._settings = settings

    @cached_property
    def _hub(self) -> httpx.Client:
        return httpx.Client(
            base_url=self._settings.hub_api_url,
            headers={"Authorization": f"token {self._settings.secret('service_token')}"},
            timeout=ASK_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def start(self, attempt_id: int) -> None:
        moment = time.monotonic()
        if moment - self._asked.get(attempt_id, -ASK_AGAIN_SECONDS) < ASK_AGAIN_SECONDS:
            return
        self._asked[attempt_id] = moment
        try:
            answer = self._ask("POST", attempt_id)
        except httpx.ReadTimeout:
            return  # asked; `ready` will tell
        if answer.status_code == 404:
            raise Unavailable(
                "The notebook server cannot start: the Hub does not know this account yet.",
                hint="Log in once, then prepare again.",
            )
        if answer.is_error:  # already running, pending, or a spawn that failed: ask `ready`
            log.info("start of attempt %d: %d %s", attempt_id, answer.status_code, answer.text)

    def ready(self, attempt_id: int) -> bool:
        if not self.alive(attempt_id):
            return False
        answer = self._ask("GET", attempt_id)
        if answer.status_code == 404:
            return False
        if answer.is_error:
            raise _silent(f"{answer.status_code} {answer.text}")
        model: dict[str, Any] = answer.json()
        return bool(model.get("ready"))

    def alive(self, attempt_id: int) -> bool:
        process = self._process(attempt_id)
        return process is not None and process.alive()

    def freeze(self, attempt_id: int) -> None:
        process = self._process(attempt_id)
        if process is None or not process.alive():
            return
        self._mark_frozen(attempt_id, frozen=True)  # first: a crash after it is put right
        try:
            process.freeze()
        except RuntimeError as error:
            raise Unavailable("The notebook server could not be frozen.", log=str(error)) from error

    def thaw(self, attempt_id: int) -> None:
        process = self._process(attempt_id)
        if process is not None:
            process.thaw()
            self._mark_frozen(attempt_id, frozen=False)

    def stop(self, attempt_id: int) -> None:
        process = self._process(attempt_id)
        if process is not None:
            process.kill()
            self._mark_stopped(attempt_id)
        try:
            answer = self._ask("DELETE", attempt_id)
        except (httpx.HTTPError, Unavailable) as error:
            log.warning("the Hub was not told that attempt %d stopped: %s", attempt_id, error)
            return
        if answer.is_error and answer.status_code != 404:
            log.info("stop of attempt %d: %d %s", attempt_id, answer.status_code, answer.text)

    def _ask(self, method: str, attempt_id: int) -> httpx.Response:
        with self._store.read() as session:
            attempt = session.get_one(Attempt, attempt_id)
            path = f"/users/{attempt.expert}/servers/{attempt.server_name}"
        try:
            return self._hub.request(method, path)
        except httpx.ReadTimeout:
            raise
        except httpx.TransportError as error:
            raise _silent(repr(error)) from error

    def _process(self, attempt_id: int) -> SandboxedProcess | None:
        with self._store.read() as session:
            row = session.get(Server, attempt_id)
            if row is None or row.stopped_at is not None:
                return None
            return SandboxedProcess.from_state(row.process)

    def _mark_frozen(self, attempt_id: int, *, frozen: bool) -> None:
        with self._store.write() as session:
            row = session.get(Server, attempt_id)
            if row is not None:
                row.frozen_at = self._now() if frozen else None

    def _mark_stopped(self, attempt_id: int) -> None:
        with self._store.write() as session:
            row = session.get(Server, attempt_id)
            if row is not None and row.stopped_at is None:
                row.stopped_at = self._now()


def _silent(log_line: str) -> Unavailable:
    return Unavailable(
        "The Hub does not answer.", hint="It is restarted by itself; try again.", log=log_line
    )
