"""Who is calling: Hub OAuth for people in a browser, Hub tokens for programs.

The browser holds the Hub's own access token in a signed cookie, so both ways end in the same
question to the Hub, and an account that the Hub no longer accepts is out within a minute.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
from itsdangerous import BadSignature, URLSafeTimedSerializer

from hub.errors import BadInput, Forbidden, PortalError
from hub.roles import ADMIN_SCOPE
from hub.service.identity import Identities, ask_hub
from hub.settings import Settings

PREFIX = "/services/portal"
CLIENT_ID = "service-portal"
REDIRECT_URI = f"{PREFIX}/oauth_callback"
ACCESS_SCOPES = frozenset({"access:services", "access:services!service=portal"})
SESSION_COOKIE = "portal-session"
HUB_SESSION_COOKIE = "jupyterhub-session-id"  # changes when somebody logs out of the Hub

SESSION_SECONDS = 14 * 24 * 3600
LOGIN_SECONDS = 600  # from leaving for the Hub's login page to coming back


class NotLoggedIn(PortalError):
    """No token, or one that the Hub does not know. Pages answer it with the login page."""

    code, status = "not-logged-in", 401

    def __init__(self) -> None:
        super().__init__("You are not signed in.", hint="Sign in, or send a valid Hub token.")


@dataclass(frozen=True)
class Viewer:
    """The person behind a request."""

    name: str
    admin: bool
    by_cookie: bool  # a browser: changes need a CSRF token
    csrf: str  # that token; empty for programs


@dataclass(frozen=True)
class Login:
    """One trip to the Hub's login page: where to send the browser, what to keep meanwhile."""

    url: str
    cookie_name: str
    cookie: str


class Authentication:
    """Asks the Hub who a token belongs to. Does not stop a page that another expert's server
    serves under the same host name from acting as whoever opens it: that takes a host per server.
    """

    def __init__(self, settings: Settings, disabled: Callable[[str], bool]) -> None:
        self._hub = httpx.Client(base_url=settings.hub_api_url, timeout=10, trust_env=False)
        self._identities = Identities(self._hub)
        self._client_secret = settings.secret("service_token")
        self._key = settings.secret("session_key")
        self._disabled = disabled
        self.secure_cookies = settings.public_url.startswith("https:")

    def close(self) -> None:
        self._hub.close()

    def viewer(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> Viewer:
        """Raises: NotLoggedIn, Forbidden (no access to the portal), Unavailable (no Hub)."""
        token = _header_token(headers)
        if token is not None:
            return self._person(token, "", csrf="")
        cookie = cookies.get(SESSION_COOKIE, "")
        try:
            token = str(self._signer("session").loads(cookie, max_age=SESSION_SECONDS))
        except BadSignature:
            raise NotLoggedIn from None
        return self._person(token, cookies.get(HUB_SESSION_COOKIE, ""), self.csrf(cookie))

    def csrf(self, session_cookie: str) -> str:
        """Bound to the login: another person's token does not fit."""
        return hmac.new(
            self._key.encode(), b"csrf:" + session_cookie.encode(), hashlib.sha256
        ).hexdigest()

    def begin_login(self, next_path: str) -> Login:
        """`next_path` is where the browser wants to go after; only our own paths are kept."""
        verifier = secrets.token_urlsafe(48)
        trip = secrets.token_hex(8)
        state = self._signer("state").dumps({"trip": trip, "next": _own_path(next_path)})
        query = {
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "state": state,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        cookie = self._signer("trip").dumps(verifier)
        return Login(f"/hub/api/oauth2/authorize?{urlencode(query)}", _trip_cookie(trip), cookie)

    def finish_login(
        self, code: str, state: str, cookies: Mapping[str, str]
    ) -> tuple[str, str, str]:
        """Returns the session cookie's value, where to go, and the trip's cookie to forget.

        Raises: BadInput if this browser did not begin this login, or if it took too long.
        """
        try:
            kept = self._signer("state").loads(state, max_age=LOGIN_SECONDS)
            trip_cookie = _trip_cookie(kept["trip"])
            verifier = self._signer("trip").loads(
                cookies.get(trip_cookie, ""), max_age=LOGIN_SECONDS
            )
        except BadSignature:
            raise BadInput(
                "This login was not begun here, or it took more than ten minutes.",
                hint="Open the portal's first page and sign in again.",
            ) from None
        token = self._exchange(code, verifier)
        return self._signer("session").dumps(token), _own_path(kept["next"]), trip_cookie

    def _exchange(self, code: str, verifier: str) -> str:
        answer = ask_hub(
            self._hub,
            "POST",
            "/oauth2/token",
            data={
                "client_id": CLIENT_ID,
                "client_secret": self._client_secret,
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": REDIRECT_URI,
                "code_verifier": verifier,
            },
        )
        if answer.status_code != httpx.codes.OK:
            raise BadInput(
                "The Hub did not accept this login.",
                hint="Open the portal's first page and sign in again.",
                log=f"token exchange: {answer.status_code} {answer.text[:500]}",
            )
        return str(answer.json()["access_token"])

    def _person(self, token: str, hub_session: str, csrf: str) -> Viewer:
        model = self._identities.owner(token, hub_session)
        if model is None or model.get("kind") != "user":
            raise NotLoggedIn
        name, scopes = str(model["name"]), set(model.get("scopes", ()))
        if self._disabled(name):
            raise Forbidden(f"The account {name} is disabled.", hint="Ask an admin.")
        if not scopes & ACCESS_SCOPES:
            raise Forbidden("This token may not use the portal.", hint="Sign in to the portal.")
        return Viewer(name, ADMIN_SCOPE in scopes, by_cookie=bool(csrf), csrf=csrf)

    def _signer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._key, salt=f"portal-{purpose}")


def _header_token(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"token", "bearer"} and token.strip() else None


def _own_path(path: str) -> str:
    """The path if it is one of ours, else the first page: no login may lead elsewhere."""
    return path if path.startswith(f"{PREFIX}/") and "\\" not in path else f"{PREFIX}/"


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _trip_cookie(trip: str) -> str:
    return f"portal-login-{trip}"
