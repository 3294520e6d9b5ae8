"""A sandbox of this machine, with a workspace, for tests that attack it from inside."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.sandbox import Sandbox, SandboxedProcess, start
from hub.sandbox.mode import isolation_mode
from hub.settings import Settings

UID = 219_001


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(data=tmp_path / "data")
    if isolation_mode(settings) == "none":
        pytest.skip("needs bubblewrap: apt-get install bubblewrap")
    settings.root.mkdir()
    return settings


@pytest.fixture
def workspace(settings: Settings) -> Path:
    folder = settings.root / "workspace"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, UID, UID)
    return folder


@pytest.fixture
def sandboxed(settings: Settings, workspace: Path) -> Iterator[Callable[..., SandboxedProcess]]:
    """Starts words in a sandbox with the workspace as home; all end with the test."""
    started: list[SandboxedProcess] = []

    def begin(*words: str, **options: object) -> SandboxedProcess:
        sandbox = Sandbox(
            f"test-{os.getpid()}-{len(started)}",
            UID,
            writable={"/home/expert": workspace},
            **options,  # type: ignore[arg-type]
        )
        started.append(
            start(settings, sandbox, words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        )
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        if process.popen is not None and process.popen.stdout is not None:
            process.popen.stdout.close()


@pytest.fixture
def inside(sandboxed: Callable[..., SandboxedProcess]) -> Callable[[str], str]:
    """Runs a shell line inside and returns everything it printed."""

    def run(line: str) -> str:
        process = sandboxed("bash", "-c", line)
        assert process.popen is not None
        output, _ = process.popen.communicate(timeout=60)
        return str(output.decode(errors="replace"))

    return run
