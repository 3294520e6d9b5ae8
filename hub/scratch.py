"""Temporary folders that vanish with their process, also when it was killed without a warning."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch(base: Path) -> Iterator[Path]:
    """An empty folder of this process below `base`; first removes those of dead processes.

    A living owner holds a lock on its folder. The kernel drops it when the owner ends, however
    that happens.
    """
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(base):
        _remove_leftovers(base)
        folder = Path(tempfile.mkdtemp(dir=base))
        handle = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _remove_leftovers(base: Path) -> None:
    for folder in base.iterdir():
        try:
            handle = _lock(folder)
        except BlockingIOError:
            continue  # its owner lives
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _lock(folder: Path) -> int:
    """Raises BlockingIOError if another process holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    return handle


@contextmanager
def _locked(base: Path) -> Iterator[None]:
    handle = os.open(base, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
