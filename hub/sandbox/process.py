"""A started sandbox: found again after a restart, frozen, thawed and ended as a whole.

Identity is a PID **and** its start time, because PIDs are reused. Ending kills PID 1 of the
namespace, so the kernel ends everything inside, also detached children.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from hub.sandbox.cgroups import Group
from hub.sandbox.mode import Mode

KILL_PATIENCE_SECONDS = 10.0


def start_ticks(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat, or None if there is no such process (or only its zombie)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def process_state(pid: int) -> str:
    """The one letter of /proc/PID/stat, or an empty string."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@dataclass(frozen=True)
class Identity:
    """One process, told apart from a later one with the same PID."""

    pid: int
    ticks: int

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        ticks = start_ticks(pid)
        return None if ticks is None else cls(pid, ticks)

    def alive(self) -> bool:
        return start_ticks(self.pid) == self.ticks

    def signal(self, number: int) -> None:
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass  # it ended in between, which is what any caller wants


class SandboxedProcess:
    """Everything inside one sandbox. `popen` is there only in the process that started it."""

    def __init__(
        self,
        name: str,
        mode: Mode,
        inner: Identity,
        popen: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.name = name
        self.mode = mode
        self.inner = inner
        self.popen = popen
        self.group = Group(name) if mode != "none" else Group(name, "none")

    def alive(self) -> bool:
        if self.popen is not None:
            self.popen.poll()  # reaps, so that a zombie does not look alive
        return self.inner.alive()

    def freeze(self) -> None:
        """Nothing inside computes until `thaw`. Raises RuntimeError if that cannot be reached."""
        if not self.alive() or self.group.freeze():
            return
        if not self._signal_all(signal.SIGSTOP):
            raise RuntimeError(f"sandbox {self.name} could not be frozen")

    def frozen(self) -> bool:
        """Whether it stands still now, whoever froze it."""
        if self.group.version != "none":
            return self.group.frozen()
        return process_state(self.inner.pid) == "T"

    def thaw(self) -> None:
        if not self.group.thaw():
            self._signal_all(signal.SIGCONT)

    def kill(self) -> None:
        """Ends everything inside at once; harmless twice.

        Raises RuntimeError if something is left, so that nobody records an end that was none.
        """
        deadline = time.monotonic() + KILL_PATIENCE_SECONDS
        while self._kill_once():
            if time.monotonic() > deadline:
                raise RuntimeError(f"sandbox {self.name} could not be ended: {self.pids()}")
            time.sleep(0.005)
        if self.popen is not None:
            self.popen.wait(KILL_PATIENCE_SECONDS)
        self.group.remove()

    def _kill_once(self) -> bool:
        """True while something is left. Thaws each time: another enforcer may just freeze."""
        if self.mode == "none":
            self._signal_all(signal.SIGKILL)
        self.inner.signal(signal.SIGKILL)
        self.group.thaw()  # a frozen process dies only when thawed
        if self.popen is not None:
            self.popen.poll()
        return self.inner.alive() or bool(self.group.pids())

    def pids(self) -> list[int]:
        """Every process inside, as the host counts them."""
        return self.group.pids() or self._tree()

    def _signal_all(self, number: int) -> bool:
        """Signals until no new process appears; False if one keeps forking past us."""
        done: set[int] = set()
        for _ in range(100):
            fresh = set(self.pids()) - done
            if not fresh:
                return True
            for pid in fresh:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            done |= fresh
        return False

    def _tree(self) -> list[int]:
        """PIDs of the namespace; without one, the descendants of the first process."""
        if not self.inner.alive():
            return []
        if self.mode == "none":
            leader = psutil.Process(self.inner.pid)
            return [self.inner.pid, *(child.pid for child in leader.children(recursive=True))]
        return _namespace_members(self.inner.pid)

    def to_state(self) -> dict[str, Any]:
        """JSON that finds this sandbox again from any process of the portal."""
        return {"name": self.name, "mode": self.mode, "inner": asdict(self.inner)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> SandboxedProcess:
        return cls(state["name"], state["mode"], Identity(**state["inner"]))


def _namespace_members(pid: int) -> list[int]:
    try:
        wanted = os.stat(f"/proc/{pid}/ns/pid").st_ino
    except OSError:
        return []
    members = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.stat(f"/proc/{entry}/ns/pid").st_ino == wanted:
                    members.append(int(entry))
            except OSError:
                continue  # ended while we looked, or not ours
    return members
