"""Freezing, ending and limits concern everything inside, also what tries to get away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from hub.sandbox import SandboxedProcess, cgroups
from hub.sandbox.process import Identity

pytestmark = pytest.mark.sandbox
Sandboxed = Callable[..., SandboxedProcess]
DETACHED = "setsid nohup bash -c 'while :; do date +%s%N >> ~/ticks; sleep 0.02; done' & sleep 999"


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def test_killing_ends_detached_children_too(sandboxed: Sandboxed, workspace: Path) -> None:
    process = sandboxed("bash", "-c", DETACHED)
    wait_for((workspace / "ticks").exists)
    pids = process.pids()
    process.kill()
    process.kill()
    assert not process.alive()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert all(not folder.exists() for folder in process.group.folders)


def test_a_frozen_sandbox_computes_nothing_and_goes_on_after(
    sandboxed: Sandboxed, workspace: Path
) -> None:
    ticks = workspace / "ticks"
    process = sandboxed("bash", "-c", DETACHED)
    wait_for(ticks.exists)
    process.freeze()
    before = ticks.read_text()
    time.sleep(0.5)
    assert ticks.read_text() == before
    process.thaw()
    wait_for(lambda: len(ticks.read_text()) > len(before))


def test_a_frozen_sandbox_can_be_killed(sandboxed: Sandboxed) -> None:
    process = sandboxed("sleep", "999")
    process.freeze()
    process.kill()
    assert not process.alive()


def test_a_kill_wins_over_another_enforcer_that_freezes(sandboxed: Sandboxed) -> None:
    """Service and watchdog may end the same attempt: one kills while the other freezes."""
    process = sandboxed("bash", "-c", DETACHED)
    other = SandboxedProcess.from_state(process.to_state())
    until = time.monotonic() + 1

    def freeze_again_and_again() -> None:
        while time.monotonic() < until:
            other.group.freeze()

    thread = threading.Thread(target=freeze_again_and_again)
    thread.start()
    process.kill()
    thread.join()
    assert not other.alive()
    assert process.pids() == []
    assert not any(folder.exists() for folder in process.group.folders)


def test_a_sandbox_is_found_again_from_its_state(sandboxed: Sandboxed) -> None:
    process = sandboxed("sleep", "999")
    again = SandboxedProcess.from_state(process.to_state())
    assert again.alive()
    again.kill()
    assert not process.alive()


def test_another_process_with_the_same_pid_is_not_ours(sandboxed: Sandboxed) -> None:
    process = sandboxed("sleep", "999")
    impostor = Identity(process.inner.pid, process.inner.ticks + 1)
    assert not impostor.alive()
    impostor.signal(9)
    assert process.alive()


def test_a_fork_bomb_hits_the_limit_of_its_own_sandbox(sandboxed: Sandboxed) -> None:
    process = sandboxed("bash", "-c", ":(){ :|:& };: ; sleep 1", processes=40)
    time.sleep(1)
    assert len(process.pids()) <= 42
    process.kill()
    assert process.pids() == []


def test_memory_beyond_the_limit_is_refused_or_killed(sandboxed: Sandboxed) -> None:
    program = "x = bytearray(400 << 20); print('ATE', len(x))"
    process = sandboxed("python3", "-c", program, memory_bytes=200 << 20)
    assert process.popen is not None
    output, _ = process.popen.communicate(timeout=60)
    assert b"ATE" not in output
    if cgroups.version() != "none":
        assert process.group.out_of_memory_kills() > 0
