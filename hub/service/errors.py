"""Errors as answers: one JSON shape for programs, a page for people, an id for the log."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from hub.errors import BadInput, NotFound, PortalError
from hub.service.auth import PREFIX, NotLoggedIn
from hub.service.rendering import render
from hub.service.sessions import redirect_to_login

log = logging.getLogger(__name__)

SERVER_ERROR = int(HTTPStatus.INTERNAL_SERVER_ERROR)
OURS = PortalError(
    "Something in the portal broke. This is our fault, not yours.",
    hint="Your files are safe and the clock is kept by the server. Try again; if it comes back,"
    " tell an admin the id.",
)


def install(app: FastAPI) -> None:
    """Every way to fail ends in `_answer`."""
    app.add_exception_handler(PortalError, _portal_error)
    app.add_exception_handler(RequestValidationError, _bad_values)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def body(error: PortalError, error_id: str = "") -> dict[str, Any]:
    """`{"error": {"code", "message", "hint"}}`, with an `id` where the log says more."""
    told = {"code": error.code, "message": error.message, "hint": error.hint}
    return {"error": {**told, "id": error_id} if error_id else told}


def _portal_error(request: Request, problem: Exception) -> Response:
    error = problem if isinstance(problem, PortalError) else OURS
    if isinstance(error, NotLoggedIn) and not _for_program(request):
        return redirect_to_login(request, _way_back(request))
    return _answer(request, error, error.status)


def _bad_values(request: Request, problem: Exception) -> Response:
    problems = problem.errors() if isinstance(problem, RequestValidationError) else []
    message = " ".join(_sentence(p) for p in problems) or "The request could not be read."
    error = BadInput(message, hint="The API's document is at openapi.json.")
    return _answer(request, error, error.status)


def _http_error(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else SERVER_ERROR
    if status == HTTPStatus.NOT_FOUND:
        error: PortalError = NotFound(
            f"There is no page {request.url.path}.", hint="Begin at the portal's first page."
        )
    else:
        error = PortalError(f"{HTTPStatus(status).phrase}: {request.method} {request.url.path}.")
        error.code = HTTPStatus(status).phrase.lower().replace(" ", "-")
    headers = problem.headers if isinstance(problem, HTTPException) else None
    return _answer(request, error, status, headers)


def _unexpected(request: Request, problem: Exception) -> Response:
    # The server raises the exception again behind this answer, and so logs its trace.
    return _answer(request, OURS, SERVER_ERROR)


def _answer(
    request: Request, error: PortalError, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    error_id = secrets.token_hex(4) if status >= SERVER_ERROR else ""
    if error_id or error.log != error.message:
        where = f"{request.method} {request.url.path}"
        log.warning("%s %s %s: %s", error_id or "-", status, where, error.log)
    if _for_program(request):
        return JSONResponse(body(error, error_id), status, headers)
    page = render(request, None, "error.html", error=error, error_id=error_id, status=status,
        back=_attempt_page(request, status))  # fmt: skip
    page.status_code = status
    return page


def _attempt_page(request: Request, status: int) -> str:
    """Where a failed form was, or nothing."""
    page = re.match(rf"{PREFIX}(/admin)?/attempts/\d+(?=/)", request.url.path)
    return page.group() if page and status != HTTPStatus.NOT_FOUND else ""


def _for_program(request: Request) -> bool:
    return request.url.path.startswith(f"{PREFIX}/api/") or "authorization" in request.headers


def _way_back(request: Request) -> str:
    """After the login: the page that was asked for, or the one whose form was sent."""
    if request.method == "GET":
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return urlsplit(request.headers.get("referer", "")).path


def _sentence(problem: Mapping[str, Any]) -> str:
    place: Sequence[Any] = problem.get("loc", ())
    name = ".".join(str(part) for part in place[1:]) or "body"
    return f"{name}: {problem.get('msg', 'not usable')}."
