"""The expert's pages: my attempts, and one attempt from the rules to the result.

Forms post to routes beside their page and come back to it; scripts only make pages live.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from environments import registry
from environments.contract import Environment
from hub import views
from hub.errors import BadInput
from hub.service import shapes
from hub.service.access import OwnAttempt, ThisAttempt, ThisViewer
from hub.service.auth import PREFIX
from hub.service.context import Portal, ThisPortal
from hub.service.desk import ThisDesk
from hub.service.rendering import render

INSTRUCTIONS = "instructions.md"
DETAILS_BYTES = 2000

ReasonField = Annotated[str, Form(min_length=1, max_length=2000)]

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request, portal: ThisPortal, viewer: ThisViewer) -> Response:
    if viewer.admin:
        return RedirectResponse(f"{PREFIX}/admin", 303)
    mine = views.attempts_view(portal.store, portal.now(), expert=viewer.name, for_admin=False)
    return render(request, viewer, "home.html", attempts=mine)


@router.get("/attempts/{attempt_id}")
def attempt_page(
    request: Request, portal: ThisPortal, viewer: ThisViewer, attempt: ThisAttempt, desk: ThisDesk
) -> Response:
    if not desk.own:
        return RedirectResponse(f"{PREFIX}/admin/attempts/{attempt.id}", 303)
    view = desk.view()
    return render(
        request, viewer, "attempt.html", view=view, environment=_environment(attempt.environment),
        instructions=_instructions(portal, attempt.id) if view["started_at"] else "",
    )  # fmt: skip


@router.post("/attempts/{attempt_id}/prepare")
def prepare(desk: ThisDesk, _: OwnAttempt) -> Response:
    desk.lifecycle.prepare(desk.id, desk.by)
    return _back(desk.id)


@router.post("/attempts/{attempt_id}/start")
def start(
    desk: ThisDesk,
    _: OwnAttempt,
    consent: Annotated[str, Form()] = "",
    prior_exposure: Annotated[str, Form()] = "",
    prior_exposure_details: Annotated[str, Form(max_length=DETAILS_BYTES)] = "",
) -> Response:
    if consent != "yes" or prior_exposure not in {"none", "some", "much"}:
        raise BadInput(
            "The clock was not started: the rules need your agreement, and the question about"
            " what you knew before needs an answer.",
            hint="Go back, tick the box, choose an answer, and start again.",
        )
    said = shapes.Beginning.model_validate(
        {"consent": True, "prior_exposure": prior_exposure,
         "prior_exposure_details": prior_exposure_details}
    )  # fmt: skip
    desk.lifecycle.start(desk.id, desk.by, data=said.model_dump())
    return _back(desk.id)


@router.post("/attempts/{attempt_id}/pause")
def pause(desk: ThisDesk, reason: ReasonField) -> Response:
    desk.pause(reason)
    return _back(desk.id)


@router.post("/attempts/{attempt_id}/resume")
def resume(desk: ThisDesk) -> Response:
    desk.lifecycle.resume(desk.id, desk.by)
    return _back(desk.id)


@router.post("/attempts/{attempt_id}/submit")
def submit(desk: ThisDesk, _: OwnAttempt) -> Response:
    desk.lifecycle.submit(desk.id, desk.by)
    return _back(desk.id)


@router.post("/attempts/{attempt_id}/give_up")
def give_up(desk: ThisDesk, reason: ReasonField, _: OwnAttempt) -> Response:
    desk.lifecycle.give_up(desk.id, desk.by, reason)
    return _back(desk.id)


def _back(attempt_id: int) -> Response:
    return RedirectResponse(f"{PREFIX}/attempts/{attempt_id}", 303)


def _environment(name: str) -> Environment | None:
    """None for an environment that was removed since; its attempts are still read."""
    return registry.load_all().get(name)


def _instructions(portal: Portal, attempt_id: int) -> str:
    """What was delivered at the start, also if the environment was edited since."""
    delivered = portal.settings.attempt_folder(attempt_id) / "environment" / INSTRUCTIONS
    return delivered.read_text(encoding="utf-8") if delivered.is_file() else ""
