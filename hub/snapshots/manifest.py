"""A manifest: which files a snapshot holds. Its hash is the name of the snapshot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from hub.errors import Unavailable
from hub.snapshots.limits import SnapshotRefused


class SnapshotDamaged(Unavailable):
    """What is kept does not fit its hash, or is missing. Ours, never the expert's matter."""


@dataclass(frozen=True)
class SnapshotFile:
    """One regular file. Neither owner nor times are kept, so equal content is equal."""

    path: str  # relative to the solution folder, with /
    size: int  # bytes
    sha256: str  # of the content
    executable: bool


@dataclass(frozen=True)
class Manifest:
    """The files of one snapshot, sorted by path. Empty folders are not kept."""

    files: tuple[SnapshotFile, ...]

    @staticmethod
    def of(files: Iterable[SnapshotFile]) -> Manifest:
        """Raises `SnapshotRefused` if one path is both a file and a folder."""
        ordered = tuple(sorted(files, key=lambda file: file.path))
        paths = {file.path for file in ordered}
        for path in paths:
            for parent in PurePosixPath(path).parents:
                if str(parent) in paths:
                    raise SnapshotRefused(f"solution/{parent} is both a file and a folder.")
        return Manifest(ordered)

    def to_bytes(self) -> bytes:
        """Canonical JSON: equal manifests are equal bytes."""
        table = {"version": 1, "files": [asdict(file) for file in self.files]}
        text = json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8")

    @staticmethod
    def from_bytes(content: bytes) -> Manifest:
        table = json.loads(content)
        return Manifest(tuple(SnapshotFile(**file) for file in table["files"]))

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()
