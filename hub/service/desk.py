"""One viewer at one attempt: what they see of it, and the acts in their name."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends

from hub import views
from hub.service.access import ThisAttempt, ThisViewer
from hub.service.context import ThisPortal

View = dict[str, Any]


class Desk:
    """What API and pages do alike. Whether the viewer may is decided before, by `access`."""

    def __init__(self, portal: ThisPortal, attempt: ThisAttempt, viewer: ThisViewer) -> None:
        self.id = attempt.id
        self.by = viewer.name
        self.own = attempt.expert == viewer.name
        self.lifecycle = portal.lifecycle
        self._portal = portal
        self._viewer = viewer

    def view(self) -> View:
        """The attempt as this viewer may know it now."""
        portal = self._portal
        return views.attempt_view(portal.store, self.id, portal.now(), for_admin=self._viewer.admin)

    def pause(self, reason: str) -> None:
        self.lifecycle.pause(self.id, self.by, "expert" if self.own else "admin", reason)


ThisDesk = Annotated[Desk, Depends()]
