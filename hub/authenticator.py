"""Login by the accounts that an admin created; groups follow the account's role."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Any

from jupyterhub.auth import Authenticator
from jupyterhub.user import User
from tornado.web import RequestHandler

from hub import people
from hub.settings import Settings
from hub.store.database import open_store
from hub.store.models import Person

FAILURES_ALLOWED = 8
FAILURE_WINDOW_SECONDS = 60.0


class PortalAuthenticator(Authenticator):  # type: ignore[misc]
    """Accounts live in the portal's database as argon2 hashes; there is no sign-up.

    Repeated failures for one name are refused for a minute. That slows guessing down; it does
    not stop one guess each on many names.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._store = open_store(Settings())
        self._failures: dict[str, list[float]] = defaultdict(list)

    async def authenticate(
        self, handler: RequestHandler, data: dict[str, str]
    ) -> dict[str, Any] | None:
        name = data.get("username", "")
        if self._blocked(name):
            self.log.warning("login for %r refused: too many failures", name)
            return None
        person = await asyncio.to_thread(people.verify, self._store, name, data.get("password", ""))
        if person is None:
            self._failures[name].append(time.monotonic())
            return None
        self._failures.pop(name, None)
        return {"name": person.name, "admin": False, "groups": [_group(person)]}

    async def refresh_user(
        self, user: User, handler: RequestHandler | None = None, **_: Any
    ) -> bool | dict[str, Any]:
        """A disabled account loses its login at the next check."""
        with self._store.read() as session:
            person = session.get(Person, user.name)
            if person is None or person.disabled:
                return False
            return {"name": person.name, "groups": [_group(person)]}

    def _blocked(self, name: str) -> bool:
        since = time.monotonic() - FAILURE_WINDOW_SECONDS
        self._failures[name] = [t for t in self._failures[name] if t > since]
        return len(self._failures[name]) >= FAILURES_ALLOWED


def _group(person: Person) -> str:
    return "admins" if person.role == "admin" else "experts"
