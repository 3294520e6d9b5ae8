"""One copy of each program, also after the supervisor was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from hub import program_lock
from hub.errors import Refused
from hub.settings import CHECKOUT, Settings

HOLD = """
import signal, sys, time
from pathlib import Path
from hub.program_lock import hold
from hub.settings import Settings
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
hold(Settings(data=Path(sys.argv[1])), "service")
print("held", flush=True)
time.sleep(60)
"""
Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Starts a process that holds the lock of `service`."""
    started: list[subprocess.Popen[str]] = []

    def start_one(manner: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(settings.root), manner],
            stdout=subprocess.PIPE, text=True, cwd=CHECKOUT,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start_one
    for process in started:
        with process:
            process.kill()


def test_a_newcomer_ends_an_orphan_and_takes_its_place(settings: Settings, start: Start) -> None:
    orphan = start("polite")
    handle = program_lock.hold(settings, "service")
    assert orphan.wait(5) == -signal.SIGTERM
    found = program_lock.holder(settings.run_folder / "service.lock")
    assert found is not None
    assert found.pid == os.getpid()
    os.close(handle)


def test_an_orphan_that_ignores_the_request_is_killed(
    settings: Settings, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_lock, "GRACE_SECONDS", 0.3)
    orphan = start("stubborn")
    os.close(program_lock.hold(settings, "service"))
    assert orphan.wait(5) == -signal.SIGKILL


def test_the_living_supervisors_program_is_left_alone(settings: Settings, start: Start) -> None:
    """Here this test is the supervisor, and the newcomer somebody's second try by hand."""
    holder = start("polite")
    config = settings.run_folder / "supervisord.conf"
    supervisor = subprocess.Popen(
        [sys.executable, "-c", "import sys, time; time.sleep(60)", str(config)]
    )
    try:
        (settings.run_folder / "supervisord.pid").write_text(f"{supervisor.pid}\n")
        wait_until(lambda: program_lock.supervisor(settings) == supervisor.pid)
        assert program_lock.supervisor(settings) == supervisor.pid
        assert holder.poll() is None
    finally:
        with supervisor:
            supervisor.kill()
    assert program_lock.supervisor(settings) is None


def test_a_program_of_the_current_supervisor_refuses_a_second_copy(
    settings: Settings, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = start("polite")
    monkeypatch.setattr(program_lock, "supervisor", lambda _: os.getpid())
    with pytest.raises(Refused, match="already runs") as caught:
        program_lock.hold(settings, "service")
    assert str(holder.pid) in caught.value.message
    assert holder.poll() is None


def test_two_data_folders_do_not_know_each_other(settings: Settings, start: Start) -> None:
    holder = start("polite")
    other = Settings(data=settings.root.with_name("other"))
    os.close(program_lock.hold(other, "service"))
    assert holder.poll() is None


def test_the_lock_of_a_dead_process_is_free(settings: Settings, start: Start) -> None:
    holder = start("polite")
    with holder:
        holder.kill()
    started = time.monotonic()
    os.close(program_lock.hold(settings, "service"))
    assert time.monotonic() - started < 1


def test_a_recycled_process_number_is_not_the_supervisor(settings: Settings) -> None:
    settings.run_folder.mkdir(parents=True)
    (settings.run_folder / "supervisord.pid").write_text(str(os.getpid()))
    assert program_lock.supervisor(settings) is None


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
