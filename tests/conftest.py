"""Skips what this machine cannot run, each time with a sentence that says what to install."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from hub.gpus import discover
from hub.sandbox.mode import isolation_mode
from hub.settings import Settings

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _no_portal() -> str:
    settings = Settings()
    needed = (settings.expert_python, settings.proxy_folder / "node_modules")
    missing = [str(path) for path in needed if not path.exists()]
    return f"{', '.join(missing)} missing: run `make setup`" if missing else ""


def _no_sandbox() -> str:
    if isolation_mode(Settings(isolation="auto")) != "none":
        return ""
    return "needs a working bubblewrap: apt-get install bubblewrap, then see `portal doctor`"


def _no_browser() -> str:
    return "" if shutil.which("chromium") else "needs a browser: apt-get install chromium"


def _no_gpu() -> str:
    return "" if discover() else "needs an NVIDIA GPU and its driver"


OBSTACLES: dict[str, Callable[[], str]] = {
    "hub": functools.cache(_no_portal),
    "sandbox": functools.cache(_no_sandbox),
    "browser": functools.cache(_no_browser),
    "gpu": functools.cache(_no_gpu),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker, obstacle in OBSTACLES.items():
            if item.get_closest_marker(marker) and (reason := obstacle()):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, one for each module: its event loop suffers no other in the same thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def checkout() -> Path:
    return Path(__file__).resolve().parents[1]
