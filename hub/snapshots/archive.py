"""Reads a tar stream (POSIX ustar) that may be hostile: fixed memory, no path is ever opened.

Python's `tarfile` takes extended headers of any size into memory and ends a cut-off archive
quietly; this reader knows only what `tar --format=ustar` writes and refuses the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol

from hub.snapshots.limits import ROOT, Limits, SnapshotRefused, Tally, is_litter, refused_kind
from hub.snapshots.manifest import Manifest, SnapshotFile

BLOCK = 512
CHUNK = 1 << 20
FILE, FOLDER = (b"0", b"\0"), b"5"
KINDS = {
    b"1": "a hard link", b"2": "a symbolic link", b"3": "a character device",
    b"4": "a block device", b"6": "a named pipe",
}  # fmt: skip


class BrokenArchive(Exception):
    """Not a complete ustar archive: the stream was cut off or is something else."""


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


Keep = Callable[[Iterator[bytes]], str]  # stores a content, returns its SHA-256


def parse_archive(stream: Readable, limits: Limits, keep: Keep) -> Manifest:
    """The manifest of the folder `solution` in the stream; contents go to `keep`.

    Raises `SnapshotRefused` at the first thing that is not allowed, `BrokenArchive` if the stream
    does not end as it should.
    """
    tally = Tally(limits)
    files: list[SnapshotFile] = []
    found = False
    while (header := _header(stream)) is not None:
        name, kind, size = tally.name(_name(header)), header[156:157], _size(header)
        found = True
        if kind in FILE:
            file = _file(stream, tally, keep, name, size, header)
            files += [file] if file else []
        elif kind != FOLDER:
            raise refused_kind(name, KINDS.get(kind, "not a regular file"))
    if not found:
        raise BrokenArchive("the archive is empty")
    return Manifest.of(files)


def _file(
    stream: Readable, tally: Tally, keep: Keep, name: str, size: int, header: bytes
) -> SnapshotFile | None:
    """Reads a file's content; None for what is left out."""
    if not name:
        raise SnapshotRefused(f"{ROOT} is a file; it must be a folder.")
    tally.add(name, size)
    content = _content(stream, size)
    if is_litter(name):
        for _ in content:
            pass
        return None
    executable = bool(_octal(header[100:108]) & 0o100)
    return SnapshotFile(name, size, keep(content), executable)


def _header(stream: Readable) -> bytes | None:
    """The next header, None at the end mark."""
    header = _exactly(stream, BLOCK)
    if header == bytes(BLOCK):
        if _exactly(stream, BLOCK) != bytes(BLOCK):
            raise BrokenArchive("something follows the end of the archive")
        return None
    plain = header[:148] + b" " * 8 + header[156:]
    if header[257:262] != b"ustar" or sum(plain) != _octal(header[148:156]):
        raise BrokenArchive("not a ustar header")
    return header


def _name(header: bytes) -> bytes:
    name, prefix = _text(header[:100]), _text(header[345:500])
    return prefix + b"/" + name if prefix else name


def _size(header: bytes) -> int:
    return _octal(header[124:136]) if header[156:157] in FILE else 0


def _content(stream: Readable, size: int) -> Iterator[bytes]:
    """Exactly `size` bytes; the padding after them is read too."""
    left = size
    while left:
        chunk = _exactly(stream, min(left, CHUNK))
        left -= len(chunk)
        yield chunk
    _exactly(stream, -size % BLOCK)


def _exactly(stream: Readable, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = stream.read(size)
        if not part:
            raise BrokenArchive("the archive ends too early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _octal(field: bytes) -> int:
    digits = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]*", digits):
        raise BrokenArchive(f"not an octal number: {field!r}")
    return int(digits or b"0", 8)
