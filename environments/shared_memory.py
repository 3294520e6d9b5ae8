"""Memory that the scorer shares with a solution: sealed by the kernel, known by descriptor."""

from __future__ import annotations

import fcntl
import mmap
import os
from types import TracebackType
from typing import Self

F_SEAL_FUTURE_WRITE = 0x0010  # linux/fcntl.h; the fcntl module does not name it yet
FIXED_SIZE = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class SharedMemory:
    """One memfd and our mapping of it.

    `input_only` seals it so that after our own mapping nobody can map or write it for writing:
    the other side reads what we write, as we write it. Otherwise only the size is sealed.
    Does not stop the other side from reading while we write: freeze it first.
    """

    def __init__(self, size_bytes: int, *, input_only: bool) -> None:
        self.fd = os.memfd_create("portal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.fd, size_bytes)
        self.map = mmap.mmap(self.fd, size_bytes)
        seals = FIXED_SIZE | (F_SEAL_FUTURE_WRITE if input_only else 0)
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, seals)

    def close_fd(self) -> None:
        """Our descriptor is not needed once the other side has its own."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The mapping itself goes with its last view: numpy arrays may still look at it."""
        self.close_fd()
