"""The proxy as a child of ours: it cannot be left behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from hub import proxy_program
from hub.errors import Unavailable
from hub.settings import CHECKOUT, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var", port=free_ports())


def free_ports() -> int:
    """The first of two free neighbours, far from those that a browser or another test takes."""
    for base in range(29_100, 29_900, 10):
        try:
            for port in (base, base + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no two free ports in a row")


def test_a_missing_proxy_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not installed") as caught:
        proxy_program.command(Settings(proxy_folder=tmp_path))
    assert "make setup" in caught.value.hint


@pytest.mark.hub
def test_its_administration_listens_on_loopback_only(settings: Settings) -> None:
    open_to_all = Settings(data=settings.root, address="0.0.0.0")
    words = proxy_program.command(open_to_all)
    assert words[words.index("--ip") + 1] == "0.0.0.0"
    assert words[words.index("--api-ip") + 1] == "127.0.0.1"


@pytest.mark.hub
def test_its_token_is_no_argument_that_others_could_list(settings: Settings) -> None:
    token = settings.secret("proxy_token")
    assert not any(token in word for word in proxy_program.command(settings))


@pytest.mark.hub
def test_the_proxy_ends_with_its_runner_even_when_that_is_killed(settings: Settings) -> None:
    runner = subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "run", "proxy"], cwd=CHECKOUT,
        env={"PORTAL_DATA": str(settings.root), "PORTAL_PORT": str(settings.port),
             "PATH": "/usr/local/bin:/usr/bin:/bin"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with runner:
        wait_until(lambda: answers(settings))
        [node] = psutil.Process(runner.pid).children()
        runner.send_signal(signal.SIGKILL)
        runner.wait()
    wait_until(lambda: not node.is_running() or node.status() == psutil.STATUS_ZOMBIE)


def answers(settings: Settings) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{settings.proxy_api_port}/api/routes", trust_env=False)
    except httpx.TransportError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)
