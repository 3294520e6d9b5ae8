"""One at a time over one attempt's files, across all processes of the portal."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK_AGAIN_SECONDS = 0.02


@contextmanager
def turn(folder: Path, patience_seconds: float) -> Iterator[None]:
    """Waits for the others, at most `patience_seconds`, and then goes on without a turn.

    So it spares double work and torn copies; it does not guard the record, which the database
    does. A process that stands still with its turn must not keep an attempt from ending.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / ".turn", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait(handle, time.monotonic() + patience_seconds)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, until: float) -> None:
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return
            time.sleep(LOOK_AGAIN_SECONDS)
