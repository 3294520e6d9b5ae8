"""Prepared assets, a launcher with and one without a sandbox, and a toy environment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import environments
from environments import preparing, registry
from environments.contract import Environment, Profile
from environments.launching import Launcher
from hub.sandbox import launcher
from hub.sandbox.mode import isolation_mode
from hub.settings import Settings
from tests.environments import plain_launcher
from tests.environments.toy import write_toy


@pytest.fixture(scope="session")
def kernel() -> Environment:
    return registry.load("optimize_kernel")


@pytest.fixture(scope="session")
def kernel_profile(kernel: Environment) -> Profile:
    """Smaller and shorter than `small`: tests measure behaviour, not speed."""
    small = kernel.profiles["small"]
    sizes = {**small.settings, "elements": 1_200_001, "warm_ups": 1, "repeats": 3}
    return replace(small, settings=sizes, scoring_timeout_seconds=20, memory_bytes=2 << 30)


@pytest.fixture(scope="session")
def kernel_assets(
    kernel: Environment, kernel_profile: Profile, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    assets = tmp_path_factory.mktemp("assets") / "optimize_kernel"
    run = preparing.trusted_run(plain_launcher.PYTHON)
    preparing.prepare(kernel, kernel_profile, assets, run)
    return assets


@pytest.fixture
def sandboxed(tmp_path: Path) -> Launcher:
    """The real thing. Skips where there is no bubblewrap."""
    settings = Settings(data=tmp_path / "var")
    if isolation_mode(settings) == "none":
        pytest.skip("needs bubblewrap: apt-get install bubblewrap")
    return launcher(settings, settings.first_uid + 100_001, f"test-{tmp_path.name}")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """An environment in a folder of its own, importable as `environments.toy`."""
    home = tmp_path / "home"
    write_toy(home / "toy")
    monkeypatch.setattr(environments, "__path__", [*environments.__path__, str(home)])
    yield registry.load("toy", home)
    for name in [name for name in sys.modules if name.startswith("environments.toy")]:
        del sys.modules[name]
    vars(environments).pop("toy", None)
