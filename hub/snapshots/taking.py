"""Takes a snapshot of an expert's solution: `tar` runs in a sandbox as the expert, we read bytes.

What the expert cannot read, tar cannot read; a planted link arrives as a link and is refused.
Taken while the expert's processes write, it may hold a file half old and half new: freeze first.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from environments.contract import Environment
from hub.errors import PortalError, Unavailable
from hub.sandbox import run_tool
from hub.settings import Settings
from hub.snapshots.archive import BrokenArchive, parse_archive
from hub.snapshots.limits import ROOT, Limits, SnapshotRefused, shown
from hub.snapshots.manifest import Manifest
from hub.snapshots.storing import contents, store

HOME = "/home/expert"
TIMEOUT_SECONDS = 60.0
TRIES = 3  # a file that changes while it is read makes tar say so; then once more
CHANGED = 1  # tar's exit code for that
ERROR_BYTES = 64 << 10
TAR = (
    "tar", f"--directory={HOME}", "--create", "--file=-", "--format=ustar", "--sort=name",
    "--hard-dereference", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", ROOT,
)  # fmt: skip


def take(settings: Settings, attempt_id: int, uid: int, environment: Environment) -> str:
    """Store what is in the attempt's solution folder now; returns the snapshot's name.

    Raises `SnapshotRefused` (the expert's matter, the sentence says what to do) or
    `Unavailable` (ours).
    """
    limits = Limits(total_bytes=environment.solution_bytes)
    for _ in range(TRIES):
        manifest = _read_once(settings, attempt_id, uid, limits)
        if manifest is not None:
            return store(settings, manifest)
    raise SnapshotRefused(
        f"{ROOT}/ changed while it was copied. Let your programs finish writing, then score again."
    )


def _read_once(settings: Settings, attempt_id: int, uid: int, limits: Limits) -> Manifest | None:
    """None if something changed meanwhile."""
    manifest: Manifest | None = None
    workspace = settings.attempt_folder(attempt_id) / "workspace"
    name = f"snapshot-{attempt_id}-{os.urandom(3).hex()}"
    with (
        run_tool(settings, TAR, name=name, uid=uid, read_only={HOME: workspace}) as tool,
        _watched(tool) as watch,
    ):
        assert tool.stdout is not None
        try:
            manifest = parse_archive(tool.stdout, limits, contents(settings).add)
            _drain(tool.stdout)
        except BrokenArchive as error:
            watch.broken = str(error)
        tool.wait()
    if manifest is not None and tool.returncode == 0 and not watch.errors:
        return manifest
    if tool.returncode == CHANGED and not watch.late:
        return None
    raise _failure(watch, tool.returncode)


@dataclass
class _Watch:
    """What became of one run of tar."""

    errors: bytearray = field(default_factory=bytearray)  # the first of what it complained
    late: bool = False
    broken: str = ""


@contextmanager
def _watched(tool: subprocess.Popen[bytes]) -> Iterator[_Watch]:
    """Reads stderr aside, so that tar never waits for us, and kills tar after the time."""
    watch = _Watch()

    def read_errors() -> None:
        assert tool.stderr is not None
        while chunk := tool.stderr.read(4096):
            watch.errors += chunk[: ERROR_BYTES - len(watch.errors)]

    def end_late() -> None:
        watch.late = True
        tool.kill()

    reader, timer = threading.Thread(target=read_errors), threading.Timer(TIMEOUT_SECONDS, end_late)
    reader.start()
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        tool.kill()
        reader.join()


def _failure(watch: _Watch, code: int) -> PortalError:
    """The sentence for a run of tar that did not go well."""
    if watch.late:
        return SnapshotRefused(
            f"Copying {ROOT}/ took longer than {TIMEOUT_SECONDS:g} s. Keep fewer or smaller files."
        )
    line = bytes(watch.errors).partition(b"\n")[0].removeprefix(b"tar: ")
    path, _, complaint = shown(line).partition(": ")
    if path == ROOT and "No such file" in complaint:
        return SnapshotRefused(f"There is no folder {ROOT}/ in your workspace. Create it.")
    if "out of off_t range" in path:
        return SnapshotRefused(f"A file in {ROOT}/ is larger than 8 GiB. Remove it.")
    if path.partition("/")[0] == ROOT:
        return SnapshotRefused(f"{path} cannot be copied: {complaint}. Remove or repair it.")
    return Unavailable(
        "Your solution could not be copied. This is our fault; try again.",
        log=f"tar ended with {code}: {watch.broken} {shown(line)}",
    )


def _drain(stream: IO[bytes]) -> None:
    """Read what pads the archive; else tar could end with a broken pipe."""
    while stream.read(1 << 16):
        pass
