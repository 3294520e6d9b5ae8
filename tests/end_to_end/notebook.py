"""An expert's notebook server as a program sees it: kernels and terminals over the real proxy."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import httpx


def _in_own_thread(work: Coroutine[Any, Any, str]) -> str:
    """The browser tests already have an event loop in theirs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class NotebookServer:
    """Runs code in the kernel and lines in the terminal of one attempt's server."""

    def __init__(self, client: httpx.Client, path: str) -> None:
        """`client` is logged in to the Hub; `path` is the server's, e.g. /user/ada/a1/."""
        self.client = client
        self.path = path
        client.get(f"{path}lab", follow_redirects=True).raise_for_status()
        self.kernel_id: str | None = None

    def run(self, code: str, timeout_seconds: float = 60) -> str:
        """Executes in the attempt's kernel and returns everything it printed."""
        if self.kernel_id is None:
            self.kernel_id = self._post("api/kernels", {"name": "python3"})["id"]
        return _in_own_thread(self._execute(code, timeout_seconds))

    def terminal(self, line: str, timeout_seconds: float = 60) -> str:
        """Types a line into a new terminal and returns what came before the end mark."""
        name = self._post("api/terminals", {})["name"]
        return _in_own_thread(self._type(name, line, timeout_seconds))

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.client.post(
            f"{self.path}{path}", json=body, headers={"X-XSRFToken": self._xsrf()}
        )
        answer.raise_for_status()
        return answer.json()

    def _xsrf(self) -> str:
        """The cookie of this server, not the Hub's."""
        for cookie in self.client.cookies.jar:
            if cookie.name == "_xsrf" and cookie.path == self.path:
                return str(cookie.value)
        raise AssertionError(f"no _xsrf cookie for {self.path}")

    def _websocket(self, session: aiohttp.ClientSession, path: str) -> Any:
        cookies = "; ".join(
            f"{cookie.name}={cookie.value}"
            for cookie in self.client.cookies.jar
            if self.path.startswith(cookie.path)
        )
        base = str(self.client.base_url).rstrip("/")
        url = f"{base}{self.path}{path}?_xsrf={self._xsrf()}"
        return session.ws_connect(url, headers={"Cookie": cookies, "Origin": base})

    async def _execute(self, code: str, timeout_seconds: float) -> str:
        message_id = uuid.uuid4().hex
        request = {
            "header": {"msg_id": message_id, "msg_type": "execute_request", "version": "5.3",
                       "username": "", "session": uuid.uuid4().hex, "date": ""},
            "parent_header": {}, "metadata": {}, "channel": "shell", "buffers": [],
            "content": {"code": code, "silent": False, "store_history": False,
                        "user_expressions": {}, "allow_stdin": False, "stop_on_error": True},
        }  # fmt: skip
        printed = ""
        async with aiohttp.ClientSession() as session:
            path = f"api/kernels/{self.kernel_id}/channels"
            async with self._websocket(session, path) as socket, asyncio.timeout(timeout_seconds):
                await socket.send_str(json.dumps(request))
                async for message in socket:
                    data = json.loads(message.data)
                    if data.get("parent_header", {}).get("msg_id") != message_id:
                        continue
                    kind, content = data["msg_type"], data["content"]
                    if kind == "stream":
                        printed += content["text"]
                    if kind == "error":
                        printed += "\n".join(content["traceback"])
                    if kind == "status" and content["execution_state"] == "idle":
                        return printed
        raise AssertionError(f"the kernel's connection closed; so far: {printed}")

    async def _type(self, name: str, line: str, timeout_seconds: float) -> str:
        mark = uuid.uuid4().hex
        seen = ""
        async with aiohttp.ClientSession() as session:
            async with (
                self._websocket(session, f"terminals/websocket/{name}") as socket,
                asyncio.timeout(timeout_seconds),
            ):
                # The mark is split, so that the echo of the typed line does not hold it.
                typed = f"{line}; echo {mark[:8]}''{mark[8:]}\n"
                await socket.send_str(json.dumps(["stdin", typed]))
                async for message in socket:
                    kind, *text = json.loads(message.data)
                    if kind == "stdout":
                        seen += text[0]
                    if mark in seen:
                        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)
        raise AssertionError(f"the terminal closed; so far: {seen}")
