"""Control groups where they exist: memory and process limits, freezing, complete killing.

Version 2 with the controllers delegated, else version 1, else none. What is not there is
reported by `hub.guards`, never pretended.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import time
from pathlib import Path
from typing import Literal

ROOT = Path("/sys/fs/cgroup")
FAMILY = "expert-portal"
Version = Literal["v2", "v1", "none"]


@functools.cache
def version() -> Version:
    """Probes by making a group with limits; a read-only or undelegated tree gives `none`."""
    if os.geteuid() != 0:
        return "none"
    candidates: tuple[Version, ...] = ("v2", "v1")
    for candidate in candidates:
        probe = Group(f"probe-{os.getpid()}", candidate)
        try:
            probe.create(memory_bytes=64 << 20, processes=16)
            probe.remove()
        except OSError:
            continue
        return candidate
    return "none"


class Group:
    """The control group of one sandbox. All calls are harmless when repeated."""

    def __init__(self, name: str, kind: Version | None = None) -> None:
        self.name = name
        self.version: Version = kind or version()

    @property
    def folders(self) -> list[Path]:
        if self.version == "v2":
            return [ROOT / FAMILY / self.name]
        if self.version == "v1":
            parts = ("memory", "pids", "freezer")
            return [ROOT / part / FAMILY / self.name for part in parts]
        return []

    def create(self, *, memory_bytes: int, processes: int) -> None:
        """Raises OSError where the kernel or the container refuses."""
        if self.version == "v2":
            self._delegate()
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)
        if self.version == "v2":
            group = self.folders[0]
            (group / "memory.max").write_text(str(memory_bytes))
            (group / "pids.max").write_text(str(processes))
        elif self.version == "v1":
            memory, pids, _ = self.folders
            (memory / "memory.limit_in_bytes").write_text(str(memory_bytes))
            (pids / "pids.max").write_text(str(processes))

    def _delegate(self) -> None:
        if not (ROOT / "cgroup.controllers").exists():
            raise OSError("cgroup v2 is not mounted at its root")
        for folder in (ROOT, ROOT / FAMILY):
            folder.mkdir(exist_ok=True)
            (folder / "cgroup.subtree_control").write_text("+memory +pids")

    def add(self, pid: int) -> None:
        """Puts a process and its later children in; one that has just ended needs no limit."""
        for folder in self.folders:
            with contextlib.suppress(ProcessLookupError):
                (folder / "cgroup.procs").write_text(str(pid))

    def pids(self) -> list[int]:
        if not self.folders:
            return []
        try:
            return [int(line) for line in (self.folders[-1] / "cgroup.procs").read_text().split()]
        except OSError:
            return []

    def freeze(self) -> bool:
        """True once every process inside stands still."""
        return self._set_frozen(True)

    def thaw(self) -> bool:
        return self._set_frozen(False)

    def out_of_memory_kills(self) -> int:
        """How many processes the kernel killed for memory in this group."""
        names = {"v2": "memory.events", "v1": "memory.oom_control"}
        if self.version == "none":
            return 0
        try:
            text = (self.folders[0] / names[self.version]).read_text()
        except OSError:
            return 0
        counts = dict(line.split() for line in text.splitlines())
        return int(counts.get("oom_kill", 0))

    def remove(self) -> None:
        """After the last process ended; a group that is still busy is left for the next call."""
        for folder in self.folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)
                else:
                    break

    def _set_frozen(self, frozen: bool) -> bool:
        if self.version == "none":
            return False
        folder = self.folders[-1]
        try:
            if self.version == "v2":
                (folder / "cgroup.freeze").write_text("1" if frozen else "0")
            else:
                (folder / "freezer.state").write_text("FROZEN" if frozen else "THAWED")
            return self._settled(frozen)
        except OSError as error:
            return _gone(error)

    def frozen(self) -> bool:
        """False also where the group has gone."""
        if not self.folders:
            return False
        folder = self.folders[-1]
        try:
            if self.version == "v2":
                return "frozen 1" in (folder / "cgroup.events").read_text()
            return (folder / "freezer.state").read_text().strip() == "FROZEN"
        except OSError as error:
            return _gone(error)

    def _settled(self, frozen: bool) -> bool:
        deadline = time.monotonic() + 5
        while self.frozen() != frozen:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.0005)
        return True


def _gone(error: OSError) -> bool:
    """False if the group was removed meanwhile, also between opening and writing; else raises."""
    if error.errno not in (errno.ENOENT, errno.ENODEV):
        raise error
    return False
