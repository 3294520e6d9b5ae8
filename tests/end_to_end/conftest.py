"""One real portal for all end-to-end tests of a session."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.sandbox.mode import isolation_mode
from tests.end_to_end.portal import RunningPortal


def free_ports() -> int:
    """The first of four neighbouring free ports; two test runs begin to look apart."""
    for step in range(800):
        base = 21_000 + 10 * ((os.getpid() + step) % 800)
        try:
            for port in range(base, base + 4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no four free ports in a row")


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A portal with both environments prepared and an admin `grace`."""
    portal = RunningPortal(tmp_path_factory.mktemp("portal") / "var", free_ports())
    if isolation_mode(portal.settings) == "none":
        pytest.skip("needs bubblewrap: apt-get install bubblewrap")
    prepared = Path(os.environ.get("PORTAL_TEST_ASSETS", ""), "environments")
    if prepared.is_dir():  # saves a developer two minutes; checked by hash like any other
        shutil.copytree(prepared, portal.settings.root / "environments")
    portal.command("up")
    try:
        portal.add("grace", "admin")
        yield portal
    finally:
        portal.command("down", "--attempts", check=False)


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where tests leave pictures; `make screenshots` copies them into docs/images."""
    folder = Path(__file__).parents[2] / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
