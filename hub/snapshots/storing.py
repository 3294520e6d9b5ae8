"""Snapshots at rest: stored, loaded, laid out again, checked."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from hub.settings import Settings
from hub.snapshots.limits import ROOT, Limits, Tally, is_litter, refused_kind
from hub.snapshots.manifest import Manifest, SnapshotDamaged, SnapshotFile
from hub.snapshots.objects import CHUNK, Objects

OUR_LIMITS = Limits(total_bytes=1 << 40)  # of a solution that comes from us


def contents(settings: Settings) -> Objects:
    """The files of all snapshots; equal files are kept once."""
    return Objects(settings.snapshots_folder / "files")


def manifests(settings: Settings) -> Objects:
    return Objects(settings.snapshots_folder / "manifests")


def store(settings: Settings, manifest: Manifest) -> str:
    """Keep a manifest whose files are kept already. Returns the snapshot's name."""
    return manifests(settings).add([manifest.to_bytes()])


def load(settings: Settings, snapshot: str) -> Manifest:
    """Raises `SnapshotDamaged` if it is missing or changed."""
    try:
        content = b"".join(manifests(settings).read(snapshot))
    except FileNotFoundError:
        raise SnapshotDamaged(f"Snapshot {snapshot} is missing.") from None
    if hashlib.sha256(content).hexdigest() != snapshot:
        raise SnapshotDamaged(f"The manifest of snapshot {snapshot} was changed.")
    return Manifest.from_bytes(content)


def from_folder(settings: Settings, folder: Path) -> str:
    """A snapshot of a folder of ours, such as a starting solution; same rules, large caps.

    Not for experts' folders: there `take` reads as the expert, so that a link reaches nothing.
    """
    tally, keep = Tally(OUR_LIMITS), contents(settings).add
    files: list[SnapshotFile] = []
    for path in sorted(folder.rglob("*")):
        inside, mode = path.relative_to(folder).as_posix(), path.lstat().st_mode
        name = tally.name(os.fsencode(f"{ROOT}/{inside}"))
        if is_litter(name) or stat.S_ISDIR(mode):
            continue
        if not stat.S_ISREG(mode):
            raise refused_kind(name, "not a regular file")
        size = path.stat().st_size
        tally.add(name, size)
        files.append(SnapshotFile(name, size, keep(_read(path)), bool(mode & stat.S_IXUSR)))
    return store(settings, Manifest.of(files))


def extract(settings: Settings, snapshot: str, target: Path) -> None:
    """Lay a snapshot out in `target`, which is made if missing. Readable by everyone.

    Each file is checked on its way. Raises `SnapshotDamaged`, FileExistsError.
    """
    target.mkdir(parents=True, exist_ok=True)
    for file in load(settings, snapshot).files:
        path = target / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as copy:
            copy.writelines(_checked(contents(settings), file, snapshot))
        path.chmod(0o755 if file.executable else 0o644)


def verify(settings: Settings, snapshot: str) -> list[str]:
    """What is wrong with a snapshot, in sentences; empty if every byte is as it was."""
    try:
        files = load(settings, snapshot).files
    except SnapshotDamaged as error:
        return [error.message]
    except ValueError:
        return [f"{snapshot!r} cannot be the name of a snapshot."]
    kept = contents(settings)
    return [
        f"File {file.path} of snapshot {snapshot} is missing or was changed."
        for file in files
        if kept.damaged(file.sha256)
    ]


def _checked(kept: Objects, file: SnapshotFile, snapshot: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    try:
        for chunk in kept.read(file.sha256):
            digest.update(chunk)
            yield chunk
    except FileNotFoundError:
        raise SnapshotDamaged(f"File {file.path} of snapshot {snapshot} is missing.") from None
    if digest.hexdigest() != file.sha256:
        raise SnapshotDamaged(f"File {file.path} of snapshot {snapshot} was changed.")


def _read(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
