"""The relay opens the named ports and nothing else, and ends with its sandbox."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from hub.sandbox import SandboxedProcess
from hub.sandbox.relays import start_relay
from tests.hub.sandbox.test_process import wait_for

pytestmark = pytest.mark.sandbox
SERVE = ["python3", "-m", "http.server", "--bind", "127.0.0.1"]
PORT, INSIDE_PORT = 18_640, 8888


@pytest.fixture
def outside() -> Iterator[None]:
    """Two services on the host: the service's port, which is relayed, and one that is not."""
    words = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
    servers = [subprocess.Popen([*words, str(port)], stderr=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL)
               for port in (PORT + 3, PORT + 9)]  # fmt: skip
    wait_for(lambda: _answers(PORT + 3) and _answers(PORT + 9))
    yield
    for server in servers:
        server.kill()
        server.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def test_the_server_inside_is_reached_through_the_relay(
    sandboxed: Callable[..., SandboxedProcess],
) -> None:
    process = sandboxed(*SERVE, str(INSIDE_PORT))
    relay, port = start_relay(process, 0, INSIDE_PORT, [])
    wait_for(lambda: _answers(port))
    process.kill()
    wait_for(lambda: not relay.alive())


def test_only_the_relayed_port_of_the_host_is_reachable_from_inside(
    sandboxed: Callable[..., SandboxedProcess], outside: None
) -> None:
    program = (
        "import urllib.request, time\n"
        "def get(p):\n"
        "    try: return urllib.request.urlopen(f'http://127.0.0.1:{p}/', timeout=5).status\n"
        "    except OSError as e: return type(e).__name__\n"
        f"while get({PORT + 3}) != 200: time.sleep(0.1)\n"
        f"print(get({PORT + 3}), get({PORT + 9}))"
    )
    process = sandboxed("python3", "-c", program)
    start_relay(process, 0, INSIDE_PORT, [PORT + 3])
    assert process.popen is not None
    output, _ = process.popen.communicate(timeout=30)
    assert output.split() == [b"200", b"URLError"]


def test_while_frozen_the_relay_says_so_itself(
    sandboxed: Callable[..., SandboxedProcess],
) -> None:
    process = sandboxed(*SERVE, str(INSIDE_PORT))
    _, port = start_relay(process, 0, INSIDE_PORT, [])
    wait_for(lambda: _answers(port))
    process.freeze()
    with pytest.raises(urllib.error.HTTPError, match="423"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
    process.thaw()
    assert _answers(port)
