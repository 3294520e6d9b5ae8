"""What the scoring loop needs of a sandbox. `hub.sandbox` provides it; imports stay one way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Launch:
    """One process of untrusted code: what it runs and all it may see. Paths inside → host.

    The system folders and the expert's interpreter environment are always there, read-only;
    no network; `/tmp` is private and empty; nothing else is writable.
    """

    arguments: Sequence[str]  # after the expert environment's `python -I`
    read_only: Mapping[str, Path]  # e.g. {"/solution": Path(…)}
    writable: Mapping[str, Path] = field(default_factory=dict)
    pass_fds: Sequence[int] = ()  # keep their numbers inside
    environment: Mapping[str, str] = field(default_factory=dict)
    memory_bytes: int = 4 << 30
    processes: int = 128
    tmp_bytes: int = 1 << 30


class SolutionProcess(Protocol):
    """A started launch. Freezing, killing and waiting concern every process inside."""

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    def kill(self) -> None:
        """End everything inside at once; harmless twice."""

    def wait(self, timeout_seconds: float) -> int | None:
        """Exit code, or None if it still runs after the time."""

    def out_of_memory(self) -> bool:
        """Whether the kernel killed something inside for memory; False where unknown."""

    def output(self) -> str:
        """stdout and stderr so far, at most 64 KiB, control characters replaced."""


class Launcher(Protocol):
    def __call__(self, launch: Launch, /) -> SolutionProcess: ...
