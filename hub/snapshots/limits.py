"""What a solution may consist of, checked name by name and byte by byte while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.errors import BadInput

ROOT = "solution"
# Left out: what tools leave behind. Compiled Python could differ from the source beside it.
LITTER = frozenset({"__pycache__", ".ipynb_checkpoints"})


class SnapshotRefused(BadInput):
    """The solution holds something that is not scored; the sentence names it and the remedy."""

    code = "snapshot-refused"


@dataclass(frozen=True)
class Limits:
    """Caps of one snapshot. Sparse files count with their apparent size."""

    total_bytes: int
    files: int = 2000
    path_bytes: int = 255
    depth: int = 16


@dataclass
class Tally:
    """Counts one snapshot against its limits. Every name and every size passes through here."""

    limits: Limits
    files: int = 0
    total_bytes: int = 0
    seen: set[str] = field(default_factory=set)

    def name(self, raw: bytes) -> str:
        """The name inside the solution folder, "" for the folder itself. Raises if unusable."""
        try:
            name = raw.decode("utf-8").removesuffix("/")
        except UnicodeDecodeError:
            raise _refused(shown(raw), "has a name that is not UTF-8. Rename it.") from None
        if "\0" in name or not name.isprintable():
            raise _refused(shown(raw), "has a name with control characters. Rename it.")
        parts = name.split("/")
        if parts[0] != ROOT or {"", ".", ".."} & set(parts):
            raise _refused(shown(raw), f"lies outside of {ROOT}/.")
        self._check_length(raw, name, len(parts) - 1)
        return name.removeprefix(ROOT).removeprefix("/")

    def add(self, name: str, size: int) -> None:
        """Count a regular file before it is read."""
        if name in self.seen:
            raise _refused(f"{ROOT}/{name}", "appears twice.")
        self.seen.add(name)
        self.files += 1
        self.total_bytes += size
        if self.files > self.limits.files:
            raise SnapshotRefused(
                f"{ROOT}/ holds more than {self.limits.files} files. Remove what is not needed."
            )
        if self.total_bytes > self.limits.total_bytes:
            raise SnapshotRefused(
                f"{ROOT}/ is larger than {_size(self.limits.total_bytes)} (at {ROOT}/{name})."
                " Remove or shrink files that are not part of the solution."
            )

    def _check_length(self, raw: bytes, name: str, depth: int) -> None:
        if len(raw) > self.limits.path_bytes:
            limit = self.limits.path_bytes
            raise _refused(shown(raw), f"has a path longer than {limit} bytes. Shorten it.")
        if depth > self.limits.depth:
            raise _refused(name, f"lies deeper than {self.limits.depth} folders. Move it up.")


def is_litter(name: str) -> bool:
    return not LITTER.isdisjoint(name.split("/"))


def refused_kind(name: str, kind: str) -> SnapshotRefused:
    """`kind` as in "a symbolic link"."""
    path = f"{ROOT}/{name}" if name else ROOT
    return SnapshotRefused(
        f"{path} is {kind}; only regular files are scored. Replace it by a copy."
    )


def shown(raw: bytes) -> str:
    """A name as it may appear in a sentence, whatever it holds."""
    text = raw[:300].decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def _refused(path: str, what: str) -> SnapshotRefused:
    return SnapshotRefused(f"{path} {what}")


def _size(count: int) -> str:
    if count >= 1 << 20:
        return f"{count / (1 << 20):.4g} MiB"
    return f"{count} bytes"
