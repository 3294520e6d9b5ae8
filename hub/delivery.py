"""What an expert receives when the clock starts: rules, public assets, a workspace to begin in."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environments import preparing
from environments.contract import Environment
from hub.attempt_server import HOME, attempt_uid, make_folders
from hub.errors import Unavailable
from hub.sandbox import run_tool
from hub.settings import Settings
from hub.store.models import Attempt

INSTRUCTIONS, NOTEBOOK, SOLUTION = "instructions.md", "start_here.ipynb", "solution"
UNPACK_TIMEOUT_SECONDS = 60.0
# The expert's server may have run for a moment already: what lies in the way is removed.
UNPACK = f"rm -rf -- {SOLUTION} {INSTRUCTIONS} {NOTEBOOK} && exec tar --extract --file=-"


def deliver(settings: Settings, attempt: Attempt, environment: Environment) -> None:
    """Fill `/environment` and the workspace. Harmless twice; only before the clock runs.

    Raises `Unavailable` if the workspace could not be written.
    """
    assets = settings.assets_folder(environment.name, attempt.profile)
    folder = make_folders(settings, attempt.id)
    with _staging(folder) as staging:
        _lay_environment(environment, assets / "public", staging)
        _move_in(staging, folder / "environment")
    _fill_workspace(settings, attempt.id, _workspace_archive(environment, assets))


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".delivery-", dir=folder) as name:
        yield Path(name)


def _lay_environment(environment: Environment, public: Path, target: Path) -> None:
    for name in (INSTRUCTIONS, "scorer.py"):
        shutil.copyfile(environment.folder / name, target / name)
    shutil.copytree(public, target / "assets", copy_function=_link_or_copy)
    for path in target.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
        elif path.stat().st_nlink == 1:
            path.chmod(0o444)


def _link_or_copy(source: str, target: str) -> str:
    """Large public files are shared by all attempts; read-only inside by how they are mounted."""
    os.chmod(source, 0o444)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)
    return target


def _move_in(staging: Path, target: Path) -> None:
    """Into the folder itself, which is mounted already; each part appears at once, complete."""
    for part in staging.iterdir():
        old = target / part.name
        if old.is_dir():
            shutil.rmtree(old)
        part.rename(old)


def _workspace_archive(environment: Environment, assets: Path) -> bytes:
    with tempfile.TemporaryDirectory(prefix="portal-delivery-") as name:
        folder = Path(name)
        preparing.starting_solution(environment, assets, folder / SOLUTION)
        shutil.copyfile(environment.folder / INSTRUCTIONS, folder / INSTRUCTIONS)
        shutil.copyfile(environment.folder / "notebook" / NOTEBOOK, folder / NOTEBOOK)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for path in sorted(folder.iterdir()):
                archive.add(path, path.name, filter=_plain)
        return buffer.getvalue()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Ordinary modes and no owner: the expert who unpacks it owns it."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() else 0o644
    return entry


def _fill_workspace(settings: Settings, attempt_id: int, archive: bytes) -> None:
    """Unpacked inside a sandbox as the expert, so a planted link leads nowhere."""
    words = ["sh", "-c", UNPACK]
    with run_tool(
        settings, words, name=f"deliver-{attempt_id}-{os.urandom(3).hex()}",
        uid=attempt_uid(settings, attempt_id), stdin=subprocess.PIPE,
        writable={HOME: settings.attempt_folder(attempt_id) / "workspace"},
    ) as tool:  # fmt: skip
        try:
            _, errors = tool.communicate(archive, timeout=UNPACK_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise _undelivered(attempt_id, "timeout") from error
    if tool.returncode != 0:
        raise _undelivered(attempt_id, errors.decode(errors="replace"))


def _undelivered(attempt_id: int, reason: str) -> Unavailable:
    return Unavailable(
        "Your files could not be laid out, so the clock was not started.",
        hint="Try again; if it stays so, tell an admin.",
        log=f"delivery to attempt {attempt_id}: {reason}",
    )
