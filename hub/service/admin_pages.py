"""The admins' pages: all attempts, one attempt with everything on record, assigning."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from environments import registry
from hub import views
from hub.errors import BadInput
from hub.service.access import ThisAdmin, ThisAttempt
from hub.service.auth import PREFIX
from hub.service.context import Portal, ThisPortal
from hub.service.desk import ThisDesk, View
from hub.service.pages import ReasonField
from hub.service.rendering import render
from hub.service.shapes import LONGEST_EXTENSION_SECONDS
from hub.store.database import Store
from hub.store.models import Attempt, Person

SCORE_POLICIES = ("full", "validation", "none")

router = APIRouter(prefix="/admin", include_in_schema=False)


@router.get("")
def all_attempts(request: Request, portal: ThisPortal, viewer: ThisAdmin) -> Response:
    found = views.attempts_view(portal.store, portal.now(), expert=None, for_admin=True)
    for view in found:
        view["last_seen"] = portal.presence.last(view["id"])
    return render(request, viewer, "admin.html", attempts=found)


@router.get("/attempts/{attempt_id}")
def one_attempt(
    request: Request, portal: ThisPortal, viewer: ThisAdmin, attempt: ThisAttempt, desk: ThisDesk
) -> Response:
    return render(
        request, viewer, "admin_attempt.html", view=desk.view(), attempt=attempt,
        timeline=_timeline(portal.store, attempt), last_seen=portal.presence.last(attempt.id),
    )  # fmt: skip


@router.post("/attempts/{attempt_id}/end")
def end(desk: ThisDesk, reason: ReasonField, _: ThisAdmin) -> Response:
    desk.lifecycle.end(desk.id, desk.by, reason)
    return _back(desk.id)


@router.post("/attempts/{attempt_id}/extend")
def extend(
    desk: ThisDesk, duration: Annotated[str, Form()], reason: ReasonField, _: ThisAdmin
) -> Response:
    desk.lifecycle.extend(desk.id, seconds_of(duration), desk.by, reason)
    return _back(desk.id)


@router.post("/attempts/{attempt_id}/pause")
def pause(desk: ThisDesk, reason: ReasonField, _: ThisAdmin) -> Response:
    desk.pause(reason)
    return _back(desk.id)


@router.post("/attempts/{attempt_id}/resume")
def resume(desk: ThisDesk, _: ThisAdmin) -> Response:
    desk.lifecycle.resume(desk.id, desk.by)
    return _back(desk.id)


@router.post("/attempts/{attempt_id}/review")
def review(
    desk: ThisDesk, verdict: Annotated[str, Form()], reason: ReasonField, _: ThisAdmin
) -> Response:
    desk.lifecycle.review(desk.id, desk.by, verdict, reason)
    return _back(desk.id)


@router.get("/assign")
def assign_page(request: Request, portal: ThisPortal, viewer: ThisAdmin) -> Response:
    return render(request, viewer, "assign.html", **_choices(portal))


@router.post("/assign")
def assign(
    portal: ThisPortal,
    viewer: ThisAdmin,
    expert: Annotated[str, Form()],
    environment: Annotated[str, Form()],
    budget: Annotated[str, Form()],
    score_policy: Annotated[str, Form()] = "",
) -> Response:
    if score_policy not in {"", *SCORE_POLICIES}:
        raise BadInput(f"There is no score policy {score_policy!r}.", hint="Choose one shown.")
    attempt_id = portal.lifecycle.assign(
        expert, environment, portal.settings.profile, seconds_of(budget), viewer.name,
        score_policy=score_policy or None,
    )  # fmt: skip
    return _back(attempt_id)


def seconds_of(text: str) -> float:
    """`h:mm` or `h:mm:ss` as seconds. Raises: BadInput."""
    match = re.fullmatch(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?", text.strip())
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = float(hours * 3600 + minutes * 60 + seconds)
    if not 0 < total <= LONGEST_EXTENSION_SECONDS:
        raise BadInput(
            f"{text!r} is no duration.", hint="Write hours and minutes, such as 8:00 or 0:30."
        )
    return total


def _back(attempt_id: int) -> Response:
    return RedirectResponse(f"{PREFIX}/admin/attempts/{attempt_id}", 303)


def _timeline(store: Store, attempt: Attempt) -> list[View]:
    with store.read() as session:
        return views.timeline(session, attempt)


def _choices(portal: Portal) -> dict[str, Any]:
    """Experts that can log in, environments that have the portal's profile."""
    with portal.store.read() as session:
        experts = select(Person.name).where(Person.role == "expert", Person.disabled.is_(False))
        names = list(session.scalars(experts.order_by(Person.name)))
    profile = portal.settings.profile
    known = [e for e in registry.load_all().values() if profile in e.profiles]
    return {
        "experts": names,
        "environments": known,
        "profile": profile,
        "policies": SCORE_POLICIES,
    }
