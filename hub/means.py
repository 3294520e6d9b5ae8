"""What every step of an attempt's life works with: the record, the servers, the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from environments import registry
from environments.contract import Environment
from hub.attempts import EventKind, Progress
from hub.clock import Clock
from hub.errors import NotFound, Refused
from hub.servers import Servers
from hub.settings import Settings
from hub.store import events
from hub.store.database import Store
from hub.store.models import Attempt

PORTAL = "portal"  # the actor of what no person did


@dataclass(frozen=True)
class Means:
    """Shared by `hub.lifecycle` and the steps it is made of."""

    settings: Settings
    store: Store
    servers: Servers
    now: Clock

    def look(self, attempt_id: int) -> tuple[Attempt, Progress]:
        """An attempt as it stands. Raises `NotFound`."""
        with self.store.read() as session:
            attempt = events.get_attempt(session, attempt_id)
            return attempt, events.progress(session, attempt)

    def append(
        self,
        attempt_id: int,
        kind: EventKind,
        by: str = PORTAL,
        reason: str = "",
        data: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> Progress:
        """One more event, now unless said otherwise. Raises `Refused`, `TimeIsUp`, `BadInput`."""
        with self.store.write() as session:
            attempt = events.get_attempt(session, attempt_id)
            moment = at or self.now()
            return events.append(session, attempt, kind, moment, by, reason, data)

    def append_unless_done(
        self,
        attempt_id: int,
        kind: EventKind,
        reason: str = "",
        data: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> bool:
        """An enforcer's event. False if another enforcer, or a person, was first."""
        try:
            self.append(attempt_id, kind, reason=reason, data=data, at=at)
        except Refused:
            return False
        return True

    def environment(self, attempt: Attempt) -> Environment:
        """Raises `NotFound` if its folder was taken away since."""
        return load_environment(attempt.environment)

    def assets(self, attempt: Attempt) -> Path:
        return self.settings.assets_folder(attempt.environment, attempt.profile)


def load_environment(name: str) -> Environment:
    """Raises `NotFound` with the names there are."""
    try:
        return registry.load(name)
    except registry.UnknownEnvironment as error:
        raise NotFound(str(error)) from error
