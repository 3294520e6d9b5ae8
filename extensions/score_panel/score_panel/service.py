"""The portal service as the panel's server half sees it: four calls about one attempt."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
ACT_SECONDS = 60.0  # an act may take a snapshot before it answers

UNREACHABLE = (
    "The portal does not answer.",
    "Your files and the score log are safe and the server's clock counts. The panel tries again.",
)
NOT_CONFIGURED = (
    "This JupyterLab was not started by the portal, so there is nothing to score.",
    "Open the attempt from the portal's page.",
)


@dataclass(frozen=True)
class Answer:
    """Status and JSON text for the browser."""

    status: int
    body: str


def problem(status: int, code: str, message: str, hint: str) -> Answer:
    """The portal's one error shape."""
    return Answer(status, json.dumps({"error": {"code": code, "message": message, "hint": hint}}))


@dataclass(frozen=True)
class Service:
    """Where the service is and how this server proves which attempt it belongs to.

    The token says who calls. It guards nothing else: the expert's kernels can read it too, so
    every rule is checked by the service.
    """

    url: str  # with the prefix, without a slash at the end; empty: not configured
    attempt: str  # the attempt's number, digits
    token: str = field(repr=False)
    page: str  # path of the portal's pages in the browser; empty: unknown
    client: AsyncHTTPClient = field(default_factory=AsyncHTTPClient, repr=False)  # shared

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Service:
        hub = environ.get("JUPYTERHUB_BASE_URL", "")
        attempt = environ.get("PORTAL_ATTEMPT", "")
        return cls(
            url=environ.get("PORTAL_SERVICE_URL", "").rstrip("/"),
            attempt=attempt if attempt.isdecimal() else "",
            token=environ.get("JUPYTERHUB_API_TOKEN", ""),
            page=f"{hub.rstrip('/')}/services/portal/" if hub else "",
        )

    def page_config(self) -> dict[str, str]:
        """What the browser may know. Not the token."""
        return {"portalPage": self.page, "portalAttempt": self.attempt}

    async def state(self) -> Answer:
        return await self._call("GET", "", None)

    async def score(self, nonce: str) -> Answer:
        return await self._call("POST", "/scores", {"nonce": nonce})

    async def submit(self) -> Answer:
        return await self._call("POST", "/submit", {})

    async def pause(self, reason: str) -> Answer:
        return await self._call("POST", "/pause", {"reason": reason})

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        if not (self.url and self.attempt):
            return problem(503, "not-configured", *NOT_CONFIGURED)
        request = HTTPRequest(
            f"{self.url}/api/attempts/{self.attempt}{path}",
            method=method,
            body=None if body is None else json.dumps(body),
            headers={
                "Authorization": f"token {self.token}",
                "Content-Type": "application/json",
            },
            connect_timeout=CONNECT_SECONDS,
            request_timeout=READ_SECONDS if body is None else ACT_SECONDS,
            follow_redirects=False,
        )
        try:
            response = await self.client.fetch(request, raise_error=False)
        except (HTTPClientError, OSError):
            return problem(503, "service-unreachable", *UNREACHABLE)
        return _passed_on(response)


def _passed_on(response: HTTPResponse) -> Answer:
    """The service's own JSON as it is; anything else (a proxy's page, nonsense) is no answer."""
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    understood = 200 <= response.code < 300 or 400 <= response.code < 600
    if not (is_json and understood):
        return problem(503, "service-unreachable", *UNREACHABLE)
    return Answer(response.code, response.body.decode("utf-8", "replace"))
