"""Builds an environment's assets once, and lays out its starting and reference solution."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from environments import registry
from environments.contract import Environment, Profile, TrustedRun
from environments.outcomes import ScorerFailure

RECORD = "prepared.json"
SECRET = "private/secret"
SECRET_BYTES = 32
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*")


def prepare(
    environment: Environment,
    profile: Profile,
    assets: Path,
    run: TrustedRun,
    *,
    force: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
) -> None:
    """Fill `assets` with `public/` and `private/`, unless they are there and up to date.

    Built beside and renamed, so half a preparation is never seen. A new preparation keeps the
    secret, so scores stay comparable, and drops the calibration, which is to be made anew.
    """
    assets.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock(assets.parent / f".{assets.name}.lock"):
        if is_prepared(environment, assets) and not force:
            progress("up to date")
            return
        progress("preparing")
        building = _empty(assets.parent / f".{assets.name}.building")
        _build(environment, profile, building, run, _secret(assets))
        _swap(building, assets)
        progress("prepared")


def is_prepared(environment: Environment, assets: Path) -> bool:
    """Whether the assets were made by the environment's folder as it is now."""
    try:
        record = json.loads((assets / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    return bool(record["environment_hash"] == registry.environment_hash(environment))


def starting_solution(environment: Environment, assets: Path, target: Path) -> Path:
    """Lay the starting solution into `target` (made if absent) and return it."""
    return _lay(target, environment.folder / "starting", assets / "public" / "starting")


def reference_solution(environment: Environment, assets: Path, target: Path) -> Path:
    """Lay the reference solution into `target`: never where an expert can see it."""
    return _lay(target, environment.folder / "reference", assets / "private" / "reference")


def trusted_run(python: Path) -> TrustedRun:
    """Runs programs of ours with the interpreter `python`, outside any sandbox.

    Only for files of this repository: it hides nothing from them but our own environment.
    A program may import its neighbours in the same folder.
    """

    def run(program: Path, *arguments: str) -> None:
        command = [str(python), "-E", "-s", str(program), *arguments]
        clean = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            raise ScorerFailure(f"{program.name} ended with {done.returncode}.\n{last}", log=last)

    return run


def _build(
    environment: Environment, profile: Profile, folder: Path, run: TrustedRun, secret: bytes
) -> None:
    started = time.monotonic()
    public, private = folder / "public", folder / "private"
    public.mkdir()
    private.mkdir(mode=0o700)
    registry.preparer(environment).prepare(public, private, profile, run, secret)
    (folder / SECRET).write_bytes(secret)
    (folder / SECRET).chmod(0o600)
    record = {
        "environment": environment.name,
        "profile": profile.name,
        "environment_hash": registry.environment_hash(environment),
        "preparation_seconds": time.monotonic() - started,
    }
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _secret(assets: Path) -> bytes:
    try:
        return (assets / SECRET).read_bytes()
    except FileNotFoundError:
        return secrets.token_bytes(SECRET_BYTES)


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755)
    return folder


def _swap(building: Path, assets: Path) -> None:
    old = assets.parent / f".{assets.name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if assets.exists():
        assets.rename(old)
    building.rename(assets)
    shutil.rmtree(old, ignore_errors=True)


def _lay(target: Path, *sources: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    for source in sources:
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=LEFT_OUT)
    return target


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One preparation at a time on this machine; the second finds the work done."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
