"""The HTTP API below `/services/portal/api`: reading and steering attempts.

Every answer about an attempt is the whole view, so a client never has to guess what changed.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from hub import views
from hub.service import shapes
from hub.service.access import OwnAttempt, ThisAdmin, ThisViewer
from hub.service.context import ThisPortal
from hub.service.desk import ThisDesk, View

ONE: Any = {"response_model": shapes.AttemptView, "response_model_exclude_unset": True}
MANY: Any = {"response_model": shapes.Attempts, "response_model_exclude_unset": True}

router = APIRouter()


@router.get("/me", response_model=shapes.Me)
def me(viewer: ThisViewer) -> View:
    return {"name": viewer.name, "admin": viewer.admin}


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request, viewer: ThisViewer) -> View:
    document: View = request.app.openapi()
    return document


@router.get("/attempts", **MANY)
def attempts(portal: ThisPortal, viewer: ThisViewer) -> View:
    """The viewer's own attempts; all of them for an admin."""
    expert = None if viewer.admin else viewer.name
    found = views.attempts_view(portal.store, portal.now(), expert=expert, for_admin=viewer.admin)
    return {"attempts": found}


@router.get("/attempts/{attempt_id}", **ONE)
def attempt(desk: ThisDesk) -> View:
    return desk.view()


@router.post("/attempts/{attempt_id}/prepare", **ONE)
def prepare(desk: ThisDesk, _: OwnAttempt) -> View:
    """Start the notebook server and score the starting solution. The clock does not run yet."""
    desk.lifecycle.prepare(desk.id, desk.by)
    return desk.view()


@router.post("/attempts/{attempt_id}/start", **ONE)
def start(desk: ThisDesk, _: OwnAttempt, said: shapes.Beginning | None = None) -> View:
    """Start the clock and receive the instructions."""
    desk.lifecycle.start(desk.id, desk.by, data=said.model_dump() if said else {})
    return desk.view()


@router.post("/attempts/{attempt_id}/scores", status_code=202, **ONE)
def score(desk: ThisDesk, asked: shapes.ScoreAsked, _: OwnAttempt) -> View:
    """Have `solution/` scored as it is now. Repeating a nonce asks only once."""
    desk.lifecycle.request_score(desk.id, asked.nonce, desk.by)
    return desk.view()


@router.post("/attempts/{attempt_id}/pause", **ONE)
def pause(desk: ThisDesk, why: shapes.WithReason) -> View:
    """Stop the clock and freeze everything in the notebook server."""
    desk.pause(why.reason)
    return desk.view()


@router.post("/attempts/{attempt_id}/resume", **ONE)
def resume(desk: ThisDesk) -> View:
    desk.lifecycle.resume(desk.id, desk.by)
    return desk.view()


@router.post("/attempts/{attempt_id}/submit", **ONE)
def submit(desk: ThisDesk, _: OwnAttempt) -> View:
    """End the working time now, with a last score. There is no way back."""
    desk.lifecycle.submit(desk.id, desk.by)
    return desk.view()


@router.post("/attempts/{attempt_id}/give_up", **ONE)
def give_up(desk: ThisDesk, why: shapes.WithReason, _: OwnAttempt) -> View:
    """End the attempt without wanting to go on; what was scored stays."""
    desk.lifecycle.give_up(desk.id, desk.by, why.reason)
    return desk.view()


@router.post("/attempts/{attempt_id}/end", **ONE)
def end(desk: ThisDesk, why: shapes.WithReason, _: ThisAdmin) -> View:
    """An admin ends the working time; a last score is taken."""
    desk.lifecycle.end(desk.id, desk.by, why.reason)
    return desk.view()


@router.post("/attempts/{attempt_id}/extend", **ONE)
def extend(desk: ThisDesk, more: shapes.Extension, _: ThisAdmin) -> View:
    """Extra working time, on the record."""
    desk.lifecycle.extend(desk.id, more.seconds, desk.by, more.reason)
    return desk.view()


@router.post("/attempts/{attempt_id}/review", **ONE)
def review(desk: ThisDesk, judged: shapes.Review, _: ThisAdmin) -> View:
    """Whether a finished attempt counts."""
    desk.lifecycle.review(desk.id, desk.by, judged.verdict, judged.reason)
    return desk.view()
