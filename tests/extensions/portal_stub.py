"""A small service with a real clock and log, to exercise the panel without the portal.

It speaks the four calls of the panel over HTTP. The real service is tested end to end elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tornado import web
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

TOKEN = "the-server-token-of-attempt-7"
ATTEMPT = 7
STARTING, REFERENCE = 2.067, 0.4
MESSAGES = {
    "valid": "12 inputs, all correct.\nMedian of 30 runs on each, slowest input 2.1 ms.",
    "invalid": "solution.py: kernel() returned shape (4, 8), expected (8, 4).\nInput 3 of 12.",
    "failed": "The scorer stopped answering. Your files are safe, the time is credited.",
}


@dataclass
class Scoring:
    """One call of the scoring function, from its request on."""

    index: int
    nonce: str
    asked: float  # time.monotonic()
    working_seconds: float
    status: str
    score: float | None
    kind: str = "requested"


@dataclass
class PortalStub:
    """State of one attempt. Tests change the fields while it runs."""

    budget_seconds: float = 28800.0
    used_seconds: float = 0.0  # before the stub started
    scoring_seconds: float = 1.0
    state: str = "running"
    ending: str | None = None
    pause: dict[str, str] | None = None
    hidden: bool = False
    isolation: str = "bubblewrap"
    fault: str = ""  # html | silent: instead of an answer
    refusal: str = ""  # a sentence: acts are refused with it
    outcomes: list[tuple[str, float | None]] = field(default_factory=list)  # of the next scores
    scorings: list[Scoring] = field(default_factory=list)
    calls: list[tuple[str, str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self.running_since = time.monotonic() - self.used_seconds
        self.stood_at: float | None = None  # time.monotonic() of the pause
        self.scorings.append(Scoring(0, "", -1e9, 0.0, "valid", STARTING, "starting"))

    # The clock

    @property
    def working_seconds(self) -> float:
        now = time.monotonic() if self.stood_at is None else self.stood_at
        return min(self.budget_seconds, now - self.running_since)

    def stand(self, reason: str) -> None:
        self.state, self.stood_at = "paused", time.monotonic()
        self.pause = {"kind": "expert", "reason": reason, "since": "2026-01-01T12:00:00Z"}

    def go_on(self) -> None:
        self.running_since += time.monotonic() - (self.stood_at or time.monotonic())
        self.state, self.stood_at, self.pause = "running", None, None

    def finish(self, ending: str) -> None:
        self.state, self.ending = "finished", ending

    # The log

    def ask_score(self, nonce: str) -> None:
        """Idempotent by the nonce."""
        if any(scoring.nonce == nonce for scoring in self.scorings):
            return
        status, score = self.outcomes.pop(0) if self.outcomes else ("valid", 0.482197316)
        asked, worked = time.monotonic(), self.working_seconds
        self.scorings.append(Scoring(len(self.scorings), nonce, asked, worked, status, score))

    def record(self, working_seconds: float, status: str, score: float | None) -> None:
        """An entry of earlier in the attempt."""
        index = len(self.scorings)
        self.scorings.append(Scoring(index, f"{index}", -1e9, working_seconds, status, score))

    def entry(self, scoring: Scoring) -> dict[str, Any]:
        shown = scoring.score is not None and not self.hidden
        normalized = ((scoring.score or 0) - STARTING) / (REFERENCE - STARTING)
        return {
            "index": scoring.index,
            "kind": scoring.kind,
            "requested_at": "2026-01-01T12:00:00Z",
            "working_seconds": scoring.working_seconds,
            "status": scoring.status,
            "score": scoring.score if shown else None,
            "normalized_score": normalized if shown else None,
            "message": MESSAGES[scoring.status],
            "scoring_seconds": self.scoring_seconds,
            "snapshot": f"{scoring.index:02x}" * 32,
            "hidden": self.hidden and scoring.status == "valid",
        }

    def request(self, scoring: Scoring) -> dict[str, Any]:
        elapsed = time.monotonic() - scoring.asked
        is_queued = elapsed < self.scoring_seconds * 0.2
        return {
            "index": scoring.index,
            "nonce": scoring.nonce,
            "kind": scoring.kind,
            "status": "queued" if is_queued else "running",
            "stage": "" if is_queued else "timing input 3 of 12",
            "requested_at": "2026-01-01T12:00:00Z",
            "elapsed_seconds": elapsed,
            "expected_seconds": self.scoring_seconds,
        }

    def view(self) -> dict[str, Any]:
        now = time.monotonic()
        done = [one for one in self.scorings if now - one.asked >= self.scoring_seconds]
        waiting = [one for one in self.scorings if one not in done]
        entries = [self.entry(scoring) for scoring in done]
        valid = [entry for entry in entries if entry["score"] is not None]
        return {
            "id": ATTEMPT,
            "expert": "ada",
            "environment": "optimize_kernel",
            "title": "Optimize a kernel",
            "profile": "small",
            "state": self.state,
            "ending": self.ending,
            "working_seconds": self.working_seconds,
            "remaining_seconds": self.budget_seconds - self.working_seconds,
            "budget_seconds": self.budget_seconds,
            "isolation": self.isolation,
            "direction": "lower",
            "unit": "ln(ms)",
            "display": "exp:ms",
            "score_shown": not self.hidden,
            "starting_score": None if self.hidden else STARTING,
            "reference_score": None if self.hidden else REFERENCE,
            "score_spread": 0.004,
            "best": min(valid, key=lambda entry: entry["score"], default=None),
            "scores": len(entries),
            "requests": [self.request(scoring) for scoring in waiting],
            "entries": entries,
            "pause": self.pause,
        }

    # The server, in a thread of its own

    def start(self) -> None:
        started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)))
        self.thread.start()
        started.wait(10)

    async def _serve(self, started: threading.Event) -> None:
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        prefix = rf"/services/portal/api/attempts/{ATTEMPT}"
        routes: list[tuple[str, type[web.RequestHandler], dict[str, Any]]] = [
            (rf"{prefix}(/scores|/submit|/pause)?", StubHandler, {"stub": self})
        ]
        server = HTTPServer(web.Application(routes))
        sockets = bind_sockets(self.port, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        server.add_sockets(sockets)
        started.set()
        await self.stopping.wait()
        server.stop()
        await server.close_all_connections()

    def stop(self) -> None:
        """Connections are refused from now on; `start` serves the same port again."""
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(10)


def service_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/services/portal"


class StubHandler(web.RequestHandler):
    """Answers as the portal service would, or as a broken one."""

    def initialize(self, stub: PortalStub) -> None:
        self.stub = stub

    async def get(self, act: str | None) -> None:
        await self.answer(act or "", {})

    async def post(self, act: str | None) -> None:
        await self.answer(act or "", json.loads(self.request.body))

    async def answer(self, act: str, body: dict[str, Any]) -> None:
        stub, request = self.stub, self.request
        stub.calls.append((request.method or "", act, dict(request.headers), body))
        while stub.fault == "silent":
            await asyncio.sleep(0.05)
        if stub.fault == "html":
            self.set_header("Content-Type", "text/html")
            self.finish("<html>not the service</html>")
        elif request.headers.get("Authorization") != f"token {TOKEN}":
            self.fail(403, "forbidden", "This token is not the attempt's.")
        elif act and stub.refusal:
            self.fail(409, "refused", stub.refusal)
        else:
            self.do(act, body)

    def do(self, act: str, body: dict[str, Any]) -> None:
        if act == "/scores":
            self.stub.ask_score(body["nonce"])
            self.set_status(202)
        elif act == "/submit":
            self.stub.finish("submitted")
        elif act == "/pause":
            self.stub.stand(body["reason"])
        self.finish(self.stub.view())

    def fail(self, status: int, code: str, message: str) -> None:
        self.set_status(status)
        self.finish({"error": {"code": code, "message": message, "hint": "Ask an admin."}})

    def log_exception(self, *arguments: Any) -> None:
        """A broken pipe of a test that gave up is no news."""
