"""The portal's programs, really started: they come back, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub import first_start, program_lock, supervision
from hub.errors import BadInput, Unavailable
from hub.sandbox.process import Identity
from hub.settings import Settings

EVERYTHING = {"proxy", "hub", "service", "watchdog", "worker_00"}
START_SECONDS = 120.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A portal with nothing prepared, for the tests of this file in their order."""
    folder = tmp_path_factory.mktemp("supervision") / "var"
    port = 29_400 + os.getpid() % 50 * 4
    patch = pytest.MonkeyPatch()
    patch.setenv("PORTAL_DATA", str(folder))
    patch.setenv("PORTAL_PORT", str(port))
    settings = Settings()
    first_start.make_ready(settings)
    supervision.start(settings)
    assert supervision.wait_until_running(settings, START_SECONDS) == []
    yield settings
    supervision.stop(settings)
    patch.undo()


@pytest.mark.hub
@pytest.mark.slow
class TestARunningPortal:
    def test_every_program_runs_and_answers(self, running: Settings) -> None:
        assert {state.program for state in supervision.programs(running)} == EVERYTHING
        assert all(supervision.answering(running).values())

    def test_a_second_start_changes_nothing(self, running: Settings) -> None:
        before = pids(running)
        assert supervision.start(running) is False
        assert pids(running) == before

    @pytest.mark.parametrize("name", ["worker_00", "watchdog"])
    def test_a_killed_program_comes_back_alone(self, running: Settings, name: str) -> None:
        before = pids(running)
        os.kill(before[name], signal.SIGKILL)
        wait_until(lambda: pids(running).get(name, before[name]) != before[name])
        wait_until(lambda: name in program_lock.in_charge(running))
        after = pids(running)
        assert {one for one in EVERYTHING if before[one] != after[one]} == {name}

    def test_a_new_supervisor_takes_over_what_a_killed_one_left(self, running: Settings) -> None:
        before = pids(running)
        supervisor = program_lock.supervisor(running)
        assert supervisor is not None
        os.kill(supervisor, signal.SIGKILL)
        wait_until(lambda: program_lock.supervisor(running) is None)
        assert supervision.start(running) is True
        assert supervision.wait_until_running(running, START_SECONDS) == []
        after = pids(running)
        assert not set(before.values()) & set(after.values())
        assert not any(alive(pid) for pid in before.values())

    def test_stopping_leaves_no_process_and_no_open_port(self, running: Settings) -> None:
        before = pids(running)
        assert supervision.stop(running) is True
        assert not any(alive(pid) for pid in before.values())
        for port in range(running.port, running.port + 4):
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0
        assert supervision.stop(running) is False


def test_a_port_of_somebody_else_is_named_at_once(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        settings = Settings(data=tmp_path / "var", port=port)
        with pytest.raises(Unavailable, match=f"port {port}") as caught:
            supervision.start(settings)
    assert "PORTAL_PORT" in caught.value.hint


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("mine")
    with pytest.raises(BadInput, match="is not a folder"):
        first_start.make_data_folder(Settings(data=tmp_path / "var"))


def test_the_data_folder_is_for_the_operator_only(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o755)
    first_start.make_data_folder(Settings(data=tmp_path / "var"))
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_accounts_are_made_at_the_first_start_only(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "var")
    first = first_start.make_ready(settings)
    assert set(first.passwords) == {"admin", "expert"}
    assert {"fix_embedding", "optimize_kernel"} <= set(first.assigned)
    assert first_start.make_ready(settings).passwords == {}


def pids(settings: Settings) -> dict[str, int]:
    """PID of every program that the supervisor runs."""
    states = supervision.programs(settings)
    return {state.program: state.pid for state in states if state.pid is not None}


def alive(pid: int) -> bool:
    return Identity.of(pid) is not None


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)
