"""Logging in and out in a browser: the redirects and cookies around `hub.service.auth`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse

from hub.errors import BadInput
from hub.service.auth import LOGIN_SECONDS, PREFIX, SESSION_COOKIE, SESSION_SECONDS
from hub.service.context import ThisPortal, portal_of

router = APIRouter(include_in_schema=False)


def redirect_to_login(request: Request, next_path: str) -> RedirectResponse:
    """To the Hub, and back to `next_path` afterwards."""
    authentication = portal_of(request).authentication
    login = authentication.begin_login(next_path)
    answer = RedirectResponse(login.url, 303)
    answer.set_cookie(
        login.cookie_name, login.cookie, max_age=LOGIN_SECONDS, path=PREFIX,
        secure=authentication.secure_cookies, httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


@router.get("/oauth_callback")
def oauth_callback(
    request: Request, portal: ThisPortal, code: str = "", state: str = ""
) -> RedirectResponse:
    """The Hub sends the browser here after the login."""
    if not code:
        raise BadInput("The Hub did not log you in.", hint="Open the first page and try again.")
    session, next_path, trip_cookie = portal.authentication.finish_login(
        code, state, request.cookies
    )
    answer = RedirectResponse(next_path, 303)
    answer.delete_cookie(trip_cookie, path=PREFIX)
    answer.set_cookie(
        SESSION_COOKIE, session, max_age=SESSION_SECONDS, path=PREFIX,
        secure=portal.authentication.secure_cookies, httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


@router.get("/logout")
def logout() -> RedirectResponse:
    """Forgets this browser here and at the Hub. The clock of an attempt runs on."""
    answer = RedirectResponse("/hub/logout", 303)
    answer.delete_cookie(SESSION_COOKIE, path=PREFIX)
    return answer
