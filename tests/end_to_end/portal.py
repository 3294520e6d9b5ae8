"""A real portal for the tests: own data folder, own ports, started and steered as people do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from hub.settings import CHECKOUT, Settings
from hub.store.database import open_store
from hub.store.models import Server
from tests.end_to_end.notebook import NotebookServer

T = TypeVar("T")
COMMAND = Path(sys.executable).parent / "portal"


class RunningPortal:
    """Speaks to the portal only by its command line, its pages and its HTTP interface."""

    def __init__(self, data: Path, port: int) -> None:
        self.settings = Settings(data=data, port=port)
        self.environment = {**os.environ, "PORTAL_DATA": str(data), "PORTAL_PORT": str(port)}
        self.passwords: dict[str, str] = {}
        self.tokens: dict[int, str] = {}

    @property
    def url(self) -> str:
        return self.settings.public_url

    def command(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(COMMAND), *words], env=self.environment, cwd=CHECKOUT, text=True,
            capture_output=True, timeout=600, check=False,
        )  # fmt: skip
        if check and done.returncode != 0:
            raise AssertionError(f"portal {' '.join(words)}: {done.stdout}\n{done.stderr}")
        return done

    def json(self, *words: str) -> Any:
        return json.loads(self.command(*words, "--json").stdout)

    def add(self, name: str, role: str = "expert") -> str:
        extra = ["--admin"] if role == "admin" else []
        answer = self.json("expert", "add", name, *extra)
        self.passwords[name] = answer["password"]
        return name

    def assign(self, expert: str, environment: str, budget: str = "8h") -> int:
        answer = self.json("assign", expert, environment, "--budget", budget)
        return int(answer["attempt"])

    @contextmanager
    def client(self, name: str) -> Iterator[httpx.Client]:
        """A browser without a screen, logged in as `name`."""
        with httpx.Client(base_url=self.url, timeout=60, follow_redirects=True) as client:
            client.get("/hub/login")
            token = client.cookies.get("_xsrf", path="/hub/")
            form = {"username": name, "password": self.passwords[name], "_xsrf": token or ""}
            answer = client.post("/hub/login", data=form)
            assert answer.status_code == 200, answer.text
            client.get("/services/portal/").raise_for_status()
            yield client

    def act(self, client: httpx.Client, attempt: int, act: str, **body: Any) -> httpx.Response:
        """POSTs an act on an attempt with the CSRF token of the login's own pages."""
        path = f"/services/portal/api/attempts/{attempt}/{act}"
        headers = {"X-XSRF-Token": self._csrf(client, attempt), "Origin": self.url}
        return client.post(path, json=body, headers=headers)

    def _csrf(self, client: httpx.Client, attempt: int) -> str:
        """From a page with a form; kept, because a finished attempt's page has none."""
        page = client.get(f"/services/portal/attempts/{attempt}")
        found = re.search(r'name="csrf" value="([^"]+)"', page.text)
        if found is not None:
            self.tokens[id(client)] = found.group(1)
        return self.tokens[id(client)]

    def view(self, client: httpx.Client, attempt: int) -> Any:
        answer = client.get(f"/services/portal/api/attempts/{attempt}")
        answer.raise_for_status()
        return answer.json()

    def wait_for_state(
        self, client: httpx.Client, attempt: int, state: str, seconds: float = 120
    ) -> Any:
        def reached() -> Any:
            view = self.view(client, attempt)
            assert not (state == "ready" and view["state"] == "assigned"), view["problem"]
            return view if view["state"] == state else None

        return wait_for(reached, seconds, f"attempt {attempt} is {state}")

    def started(self, client: httpx.Client, attempt: int) -> NotebookServer:
        """Prepares and starts an attempt, and opens its server."""
        self.act(client, attempt, "prepare").raise_for_status()
        self.wait_for_state(client, attempt, "ready")
        self.act(client, attempt, "start", consent=True).raise_for_status()
        view = self.wait_for_state(client, attempt, "running")
        return NotebookServer(client, view["url"].removesuffix("lab"))

    def score(self, client: httpx.Client, attempt: int, nonce: str) -> Any:
        """Asks for a score and waits for its entry."""
        answer = self.act(client, attempt, "scores", nonce=nonce)
        assert answer.status_code == 202, answer.text
        index = next(r["index"] for r in answer.json()["requests"] if r["nonce"] == nonce)
        return self.entry(client, attempt, index)

    def entry(self, client: httpx.Client, attempt: int, index: int, seconds: float = 120) -> Any:
        def written() -> Any:
            entries = self.view(client, attempt)["entries"]
            return next((entry for entry in entries if entry["index"] == index), None)

        return wait_for(written, seconds, f"entry {index} of attempt {attempt}")

    def server(self, attempt: int) -> Server:
        with open_store(self.settings).read() as session:
            row = session.get(Server, attempt)
            assert row is not None
            return row

    def program_pids(self, name: str) -> list[int]:
        """PIDs of `portal run NAME` of this portal, and of what it started for itself."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if name in words and "run" in words and self._ours(process):
                found.append(process.pid)
        return found

    def kill(self, name: str) -> None:
        """SIGKILL, as the kernel or an operator in a hurry would."""
        pids = wait_for(lambda: self.program_pids(name), 30, f"{name} runs")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def _ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("PORTAL_DATA") == self.environment["PORTAL_DATA"]
        except psutil.Error:
            return False


@dataclass
class Session:
    """A running attempt of one logged-in expert, with its notebook server."""

    portal: RunningPortal
    client: httpx.Client
    attempt: int
    server: NotebookServer


@contextmanager
def session(portal: RunningPortal, expert: str, environment: str) -> Iterator[Session]:
    """Adds the expert, starts an attempt, and gives it up at the end."""
    portal.add(expert)
    attempt = portal.assign(expert, environment)
    with portal.client(expert) as client:
        yield Session(portal, client, attempt, portal.started(client, attempt))
        portal.act(client, attempt, "give_up", reason="end of the test")


def wait_for(condition: Callable[[], T], seconds: float, what: str) -> T:
    """The first truthy answer. Raises AssertionError with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")
