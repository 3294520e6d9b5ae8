"""Permission first: the dependencies that every route but the public ones begins with."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from hub.errors import Forbidden, NotFound
from hub.service.auth import Viewer
from hub.service.context import ThisPortal
from hub.store.models import Attempt

READING = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = "application/x-www-form-urlencoded"


def viewer_of(request: Request, portal: ThisPortal) -> Viewer:
    """Raises: NotLoggedIn, Forbidden."""
    return portal.authentication.viewer(request.headers, request.cookies)


ThisViewer = Annotated[Viewer, Depends(viewer_of)]


async def refuse_forgery(request: Request, viewer: ThisViewer) -> None:
    """A change asked for with a cookie needs the token of our own pages and our own origin."""
    if request.method in READING or not viewer.by_cookie:
        return
    sent = request.headers.get("x-xsrf-token", "")
    if request.headers.get("content-type", "").startswith(FORM):
        sent = str((await request.form()).get("csrf", sent))
    if not _same_origin(request) or not hmac.compare_digest(sent.encode(), viewer.csrf.encode()):
        raise Forbidden(
            "This request did not come from a page of your present login.",
            hint="Load the page again and repeat the step.",
        )


def _same_origin(request: Request) -> bool:
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def admin_of(viewer: ThisViewer) -> Viewer:
    if not viewer.admin:
        raise Forbidden("Only admins may do this.", hint="Ask an admin.")
    return viewer


ThisAdmin = Annotated[Viewer, Depends(admin_of)]


def attempt_of(attempt_id: int, portal: ThisPortal, viewer: ThisViewer) -> Attempt:
    """The attempt if the viewer may see it. Another expert's answers like one that is not there."""
    with portal.store.read() as session:
        attempt = session.get(Attempt, attempt_id)
    if attempt is None or not (viewer.admin or attempt.expert == viewer.name):
        raise NotFound(
            f"There is no attempt {attempt_id} of yours.",
            hint="Your attempts are on the first page.",
        )
    if attempt.expert == viewer.name:
        portal.presence.seen(attempt_id, portal.now())
    return attempt


ThisAttempt = Annotated[Attempt, Depends(attempt_of)]


def own_attempt_of(attempt: ThisAttempt, viewer: ThisViewer) -> Attempt:
    """For what only the expert does: an admin sees the attempt, but does not work in it."""
    if attempt.expert != viewer.name:
        raise Forbidden(f"Only {attempt.expert} may do this.", hint="End or extend it instead.")
    return attempt


OwnAttempt = Annotated[Attempt, Depends(own_attempt_of)]
