"""The scoring loop's `Launcher`, made of sandboxes: one fresh sandbox for each launch."""

from __future__ import annotations

import itertools
import subprocess
import threading

from environments.launching import Launch, Launcher
from hub.sandbox.description import Sandbox
from hub.sandbox.process import SandboxedProcess
from hub.sandbox.starting import start
from hub.settings import Settings

OUTPUT_BYTES = 64 << 10


def launcher(settings: Settings, uid: int, name: str) -> Launcher:
    """Each launch gets a sandbox `NAME-0`, `NAME-1` … under `uid`, ended with this process."""
    numbers = itertools.count()

    def launch(wanted: Launch) -> _Launched:
        sandbox = Sandbox(
            f"{name}-{next(numbers)}", uid, wanted.read_only, wanted.writable,
            home="/home/solution", memory_bytes=wanted.memory_bytes,
            processes=wanted.processes, tmp_bytes=wanted.tmp_bytes,
        )  # fmt: skip
        words = [str(settings.expert_python), "-I", *wanted.arguments]
        return _Launched(
            start(
                settings, sandbox, words, environment=wanted.environment,
                pass_fds=wanted.pass_fds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        )  # fmt: skip

    return launch


class _Launched:
    """A `SolutionProcess`: keeps the first 64 KiB of output and drains the rest."""

    def __init__(self, process: SandboxedProcess) -> None:
        self._process = process
        self._kept = bytearray()
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def freeze(self) -> None:
        self._process.freeze()

    def thaw(self) -> None:
        self._process.thaw()

    def kill(self) -> None:
        self._process.kill()
        self._reader.join(5)

    def wait(self, timeout_seconds: float) -> int | None:
        assert self._process.popen is not None
        try:
            return self._process.popen.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return None

    def out_of_memory(self) -> bool:
        """True if the kernel killed something inside for memory; False also where unknown."""
        return self._process.group.out_of_memory_kills() > 0

    def output(self) -> str:
        text = bytes(self._kept).decode("utf-8", errors="replace")
        return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)

    def _drain(self) -> None:
        assert self._process.popen is not None
        stream = self._process.popen.stdout
        assert stream is not None
        with stream:
            while chunk := stream.read1(65536):  # type: ignore[attr-defined]
                self._kept += chunk[: OUTPUT_BYTES - len(self._kept)]
