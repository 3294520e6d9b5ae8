"""What every request of the service needs, made once by `create_app`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from hub.clock import Clock
from hub.lifecycle import Lifecycle
from hub.service.auth import Authentication
from hub.service.changes import Changes
from hub.service.presence import Presence
from hub.settings import Settings
from hub.store.database import Store


@dataclass(frozen=True)
class Portal:
    """The service's own objects; nothing in here belongs to one request."""

    settings: Settings
    store: Store
    lifecycle: Lifecycle
    authentication: Authentication
    changes: Changes
    presence: Presence
    guards: Mapping[str, Any]  # in force on this machine, see hub.guards.detect
    now: Clock


def portal_of(request: Request) -> Portal:
    portal: Portal = request.app.state.portal
    return portal


ThisPortal = Annotated[Portal, Depends(portal_of)]
