"""A launcher without any isolation, so that scoring can be tested where there is no sandbox."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from environments.launching import Launch

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = Path(
    os.environ.get("PORTAL_EXPERT_ENVIRONMENT", CHECKOUT / ".venv-expert"), "bin", "python"
)
KEPT_BYTES = 64 << 10


def launch(wanted: Launch) -> PlainProcess:
    """Starts the program with host paths in the place of the paths inside."""
    return PlainProcess(wanted)


class PlainProcess:
    """A process group. Unlike a sandbox it can be left by `setsid`: for tests only."""

    def __init__(self, wanted: Launch) -> None:
        mounts = {**wanted.read_only, **wanted.writable}
        arguments = [_outside(word, mounts) for word in wanted.arguments]
        self._popen = subprocess.Popen(
            [str(PYTHON), "-I", *arguments],
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **wanted.environment},
            pass_fds=wanted.pass_fds,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._kept = b""
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self._popen.wait()
        self._reader.join(5)

    def wait(self, timeout_seconds: float) -> int | None:
        try:
            return self._popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None

    def out_of_memory(self) -> bool:
        return False

    def output(self) -> str:
        return self._kept.decode("utf-8", errors="replace")

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._popen.pid, number)
        except ProcessLookupError:
            pass  # already over

    def _drain(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as stream:
            while chunk := stream.read1(65536):  # type: ignore[attr-defined]
                self._kept += chunk[: KEPT_BYTES - len(self._kept)]


def _outside(word: str, mounts: Mapping[str, Path]) -> str:
    for inside, host in mounts.items():
        if word == inside or word.startswith(inside + "/"):
            return str(host) + word[len(inside) :]
    return word
