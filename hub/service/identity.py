"""Who a Hub token belongs to, asked of the Hub and believed for a minute."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from hub.errors import Unavailable

ASK_AGAIN_SECONDS = 60.0  # how long an answer is believed
BELIEVE_WITHOUT_HUB_SECONDS = 900.0  # … and how long while the Hub does not answer
MOST_REMEMBERED = 10_000
UNKNOWN = frozenset({401, 403})


class Identities:
    """Tokens to the Hub's models of their owners.

    A token that the Hub revoked works for up to a minute more, or for a quarter of an hour while
    the Hub is down: an expert's clock runs on, so their work must too.
    """

    def __init__(self, hub: httpx.Client, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._hub = hub
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Mapping[str, Any] | None]] = {}
        self._lock = threading.Lock()

    def owner(self, token: str, hub_session: str = "") -> Mapping[str, Any] | None:
        """The Hub's user model with its `scopes`, or None. Raises: Unavailable without a Hub.

        `hub_session` changes at logout, so the answer is not believed past it.
        """
        key = hashlib.sha256(f"{token}\0{hub_session}".encode()).hexdigest()
        asked_at, model = self._known.get(key, (float("-inf"), None))
        age = self._monotonic() - asked_at
        if age < ASK_AGAIN_SECONDS:
            return model
        try:
            model = self._ask(token)
        except Unavailable:
            if age < BELIEVE_WITHOUT_HUB_SECONDS:
                return model
            raise
        self._remember(key, model)
        return model

    def _ask(self, token: str) -> Mapping[str, Any] | None:
        answer = ask_hub(self._hub, "GET", "/user", headers={"Authorization": f"token {token}"})
        if answer.status_code in UNKNOWN:
            return None
        if not answer.is_success:
            raise no_hub(f"GET /user: {answer.status_code} {answer.text[:500]}")
        model: Mapping[str, Any] = answer.json()
        return model

    def _remember(self, key: str, model: Mapping[str, Any] | None) -> None:
        with self._lock:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = (self._monotonic(), model)


def ask_hub(hub: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    """Raises: Unavailable if the Hub is away or broken."""
    try:
        answer = hub.request(method, path, **options)
    except httpx.HTTPError as problem:
        raise no_hub(repr(problem)) from problem
    if answer.is_server_error:
        raise no_hub(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
    return answer


def no_hub(log: str) -> Unavailable:
    return Unavailable(
        "The login part of the portal (JupyterHub) does not answer.",
        hint="Your files and your clock are safe. Try again in a few seconds.",
        log=log,
    )
