"""One running copy of each program; a newcomer ends what a dead supervisor left behind."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from hub.errors import Refused
from hub.sandbox.process import Identity
from hub.settings import Settings

GRACE_SECONDS = 8.0  # between asking an orphan to end and ending it
LAST_SECONDS = 5.0  # for the kernel to drop a killed process's lock


def hold(settings: Settings, name: str) -> int:
    """Take the lock `run/NAME.lock` for the life of this process and return its descriptor.

    A holder that the living supervisor started is left alone: raises `Refused`. Any other holder
    is an orphan that keeps a port; it is ended first. Does not see programs of another data folder.
    """
    settings.run_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = settings.run_folder / f"{name}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if not _locked(handle):
        _end_orphan(settings, name, path)
        if not _locked(handle, LAST_SECONDS):
            raise Refused(f"{name} already runs and does not end.", hint="Try `portal down`.")
    _sign(handle)
    return handle


def holder(path: Path) -> Identity | None:
    """The process that signed a lock file last, if it still lives."""
    try:
        signed = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    identity = Identity(signed["pid"], signed["ticks"])
    return identity if identity.alive() else None


def holders(settings: Settings) -> dict[str, Identity]:
    """Every living program of this data folder, by the name of its lock."""
    found = {path.stem: holder(path) for path in settings.run_folder.glob("*.lock")}
    return {name: identity for name, identity in found.items() if identity is not None}


def in_charge(settings: Settings) -> set[str]:
    """The programs whose holder the living supervisor started: no orphans, no second tries."""
    pid = supervisor(settings)
    found = holders(settings).items()
    return {name for name, identity in found if pid is not None and _parent(identity) == pid}


def end(processes: Iterable[Identity]) -> None:
    """Ask each to end, and end what is left after the grace."""
    processes = list(processes)
    for process in processes:
        process.signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(process.alive() for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in processes:
        process.signal(signal.SIGKILL)


def supervisor(settings: Settings) -> int | None:
    """PID of the living supervisor of this data folder."""
    try:
        pid = int((settings.run_folder / "supervisord.pid").read_text())
        words = psutil.Process(pid).cmdline()
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    ours = str(settings.run_folder / "supervisord.conf")
    return pid if ours in words else None


def _end_orphan(settings: Settings, name: str, path: Path) -> None:
    orphan = holder(path)
    if orphan is None:
        return  # it is ending now
    current = supervisor(settings)
    if current is not None and _parent(orphan) == current != os.getppid():
        raise Refused(
            f"{name} already runs (process {orphan.pid}).",
            hint="The portal's supervisor runs it; see `portal status`.",
        )
    end([orphan])


def _parent(identity: Identity) -> int | None:
    try:
        return psutil.Process(identity.pid).ppid()
    except psutil.NoSuchProcess:
        return None


def _locked(handle: int, patience_seconds: float = 0.0) -> bool:
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _sign(handle: int) -> None:
    me = Identity.of(os.getpid())
    assert me is not None  # we live
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps({"pid": me.pid, "ticks": me.ticks}).encode(), 0)
