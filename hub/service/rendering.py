"""Pages from templates: what every template may use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse
from starlette.templating import Jinja2Templates

from hub.guards import warnings
from hub.service import formatting
from hub.service.auth import PREFIX, Viewer
from hub.service.context import portal_of

templates = Jinja2Templates(Path(__file__).parent / "templates")
templates.env.globals["prefix"] = PREFIX
templates.env.filters.update(formatting.FILTERS)


def render(
    request: Request, viewer: Viewer | None, template: str, /, **context: Any
) -> HTMLResponse:
    """`viewer` is None on pages shown before anybody is known."""
    guards = portal_of(request).guards
    missing = warnings(dict(guards)) if guards.get("isolation") == "none" else []
    return templates.TemplateResponse(
        request, template, {"viewer": viewer, "missing_isolation": missing[:1], **context}
    )
