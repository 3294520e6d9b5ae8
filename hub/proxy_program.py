"""Runs node's configurable-http-proxy as a child that ends with us; restores its routes."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from hub.errors import Unavailable
from hub.settings import Settings

SCRIPT = Path("node_modules", "configurable-http-proxy", "bin", "configurable-http-proxy")
PR_SET_PDEATHSIG = 1
ASK_AGAIN_SECONDS = 0.3


def run(settings: Settings) -> int:
    """The proxy until it ends; its exit code. Passes SIGTERM on."""
    environment = {**os.environ, "CONFIGPROXY_AUTH_TOKEN": settings.secret("proxy_token")}
    child = subprocess.Popen(command(settings), env=environment, preexec_fn=_die_with(os.getpid()))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: child.terminate())
    threading.Thread(target=restore_routes, args=(settings,), daemon=True).start()
    return child.wait()


def command(settings: Settings) -> list[str]:
    """The same words that the Hub uses when it starts a proxy itself."""
    script = settings.proxy_folder / SCRIPT
    if not script.exists():
        raise Unavailable(f"The proxy is not installed in {settings.proxy_folder}.",
                          hint="Run `make setup`.")  # fmt: skip
    return [
        str(node(settings)), str(script),
        "--ip", settings.address, "--port", str(settings.port),
        "--api-ip", "127.0.0.1", "--api-port", str(settings.proxy_api_port),
        "--error-target", f"http://127.0.0.1:{settings.hub_port}/hub/error",
        "--log-level", "warn",
    ]  # fmt: skip


def node(settings: Settings) -> Path:
    """The node that the set-up brought, else the machine's."""
    brought = settings.proxy_folder.parent / "bin" / "node"
    found = str(brought) if brought.exists() else shutil.which("node")
    if found is None:
        raise Unavailable("There is no node to run the proxy with.", hint="Run `make setup`.")
    return Path(found).resolve()


def restore_routes(settings: Settings) -> None:
    """Ask the Hub to compare its routes with ours until it did: a new proxy knows none.

    Returns when the Hub has answered 200. The Hub would do it by itself, minutes later.
    """
    headers = {"Authorization": f"token {settings.secret('sync_token')}"}
    with httpx.Client(headers=headers, timeout=10, trust_env=False) as client:
        while not (_listens(client, settings) and _synchronized(client, settings)):
            time.sleep(ASK_AGAIN_SECONDS)


def _listens(client: httpx.Client, settings: Settings) -> bool:
    try:
        client.get(f"http://127.0.0.1:{settings.proxy_api_port}/")
    except httpx.TransportError:
        return False
    return True


def _synchronized(client: httpx.Client, settings: Settings) -> bool:
    try:
        return client.post(f"{settings.hub_api_url}/proxy").status_code == 200
    except httpx.TransportError:
        return False


def _die_with(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None)  # loaded before the fork, where loading is not safe

    def die_with_parent() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended between fork and prctl
            os._exit(1)

    return die_with_parent
