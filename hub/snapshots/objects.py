"""A folder of immutable contents, each under the SHA-256 of its bytes: `ab/cd/abcd…`."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

CHUNK = 1 << 20


class Objects:
    """Adds, reads and checks contents. A content is complete and on disk, or not there.

    Modes keep it from slips; someone with the operator's rights can still change it, and
    `damaged` shows that.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where a content lies. Raises ValueError for what is no SHA-256."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError(f"not a SHA-256: {sha256!r}")
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def add(self, chunks: Iterable[bytes]) -> str:
        """Store a content, equal ones once, and return its hash. Durable on return."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".new-") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
            path = self.path(digest.hexdigest())
            if not path.exists():
                file.flush()
                os.fchmod(file.fileno(), 0o400)
                os.fsync(file.fileno())
                _place(Path(file.name), path)
        return path.name

    def read(self, sha256: str) -> Iterator[bytes]:
        """The content in pieces. Raises FileNotFoundError. Does not check it."""
        with self.path(sha256).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def damaged(self, sha256: str) -> bool:
        """Whether the content is missing or is not what its name says."""
        digest = hashlib.sha256()
        try:
            for chunk in self.read(sha256):
                digest.update(chunk)
        except OSError:
            return True
        return digest.hexdigest() != sha256


def _place(temporary: Path, path: Path) -> None:
    """A second name in the right folder; the temporary one is removed by its owner."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return  # another process stored the same content in between
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
