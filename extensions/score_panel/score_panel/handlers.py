"""Tornado handlers under `<base_url>/portal/`: the only paths the panel can reach."""

from __future__ import annotations

from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from score_panel.service import Answer, Service, problem

Route = tuple[str, type[APIHandler], dict[str, Any]]
LONGEST_NONCE = 64
LONGEST_REASON = 2000


def routes(base_url: str, service: Service) -> list[Route]:
    """The allow-list."""
    names: dict[str, type[APIHandler]] = {
        "state": StateHandler,
        "score": ScoreHandler,
        "submit": SubmitHandler,
        "pause": PauseHandler,
    }
    return [
        (url_path_join(base_url, "portal", name), handler, {"service": service})
        for name, handler in names.items()
    ]


class PortalHandler(APIHandler):
    """Base: a login and, for acts, the XSRF cookie are required by jupyter-server."""

    _track_activity = False  # an open panel is not a working expert

    def initialize(self, service: Service) -> None:
        self.service = service

    def answer(self, answer: Answer) -> None:
        self.set_status(answer.status)
        self.finish(answer.body)

    def text(self, name: str, longest: int) -> str:
        """A text of the JSON body; empty where it is missing, no text or too long."""
        body = self.get_json_body()
        value = body.get(name) if isinstance(body, dict) else None
        if not isinstance(value, str) or len(value) > longest:
            return ""
        return value.strip()


class StateHandler(PortalHandler):
    @web.authenticated
    async def get(self) -> None:
        self.answer(await self.service.state())


class ScoreHandler(PortalHandler):
    @web.authenticated
    async def post(self) -> None:
        nonce = self.text("nonce", LONGEST_NONCE)
        if not nonce:
            message = f'The request has no "nonce" of 1 to {LONGEST_NONCE} characters.'
            self.answer(problem(422, "bad-input", message, "Send a fresh one for each press."))
            return
        self.answer(await self.service.score(nonce))


class SubmitHandler(PortalHandler):
    @web.authenticated
    async def post(self) -> None:
        self.answer(await self.service.submit())


class PauseHandler(PortalHandler):
    @web.authenticated
    async def post(self) -> None:
        reason = self.text("reason", LONGEST_REASON)
        if not reason:
            message = f"A pause needs a reason of 1 to {LONGEST_REASON} characters."
            self.answer(problem(422, "bad-input", message, "Write in a few words why."))
            return
        self.answer(await self.service.pause(reason))
