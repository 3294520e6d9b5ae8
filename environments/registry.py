"""Finds the environments: one folder with an `environment.toml` each, beside this file."""

from __future__ import annotations

import hashlib
import importlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from environments.contract import Environment, Preparer, Profile, Scorer

HOME = Path(__file__).resolve().parent
REQUIRED = (
    "environment.toml",
    "instructions.md",
    "prepare.py",
    "scorer.py",
    "starting",
    "reference",
    "README.md",
    "notebook/start_here.ipynb",
)


class UnknownEnvironment(LookupError):
    """No environment has this name; the sentence lists the names there are."""


class BadEnvironment(ValueError):
    """An `environment.toml` that cannot be used: which file, which key, what is wanted."""


def load_all(home: Path = HOME) -> dict[str, Environment]:
    """Every environment by name, sorted. Raises `BadEnvironment` for an unusable one."""
    manifests = sorted(home.glob("*/environment.toml"))
    return {manifest.parent.name: parse(manifest.parent) for manifest in manifests}


def load(name: str, home: Path = HOME) -> Environment:
    """One environment. `name` may come from anywhere: only a name that is listed is opened."""
    environments = load_all(home)
    if name not in environments:
        known = ", ".join(environments) or "none"
        raise UnknownEnvironment(f"There is no environment {name!r}. Known: {known}.")
    return environments[name]


def scorer(environment: Environment) -> Scorer:
    """The environment's `scorer.py`, imported."""
    return cast(Scorer, importlib.import_module(f"environments.{environment.name}.scorer"))


def preparer(environment: Environment) -> Preparer:
    """The environment's `prepare.py`, imported."""
    return cast(Preparer, importlib.import_module(f"environments.{environment.name}.prepare"))


def environment_hash(environment: Environment) -> str:
    """SHA-256 over names and contents of the folder's files, hex.

    Says which rules a score was made by. Does not cover the code that environments share.
    """
    digest = hashlib.sha256()
    for path in files(environment.folder):
        content = path.read_bytes()
        name = path.relative_to(environment.folder).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def files(folder: Path) -> Iterator[Path]:
    """The regular files below a folder in a fixed order, without what interpreters leave."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        litter = any(part.startswith(".") or part == "__pycache__" for part in inside)
        if path.is_file() and not litter:
            yield path


def parse(folder: Path) -> Environment:
    """The object an `environment.toml` describes. Raises `BadEnvironment`."""
    manifest = folder / "environment.toml"
    try:
        table = tomllib.loads(manifest.read_text(encoding="utf-8"))
        return _environment(folder, table)
    except (tomllib.TOMLDecodeError, ValueError, TypeError) as error:
        raise BadEnvironment(f"{manifest} cannot be used: {error}") from error
    except KeyError as error:
        raise BadEnvironment(f"{manifest} lacks the key {error}.") from error


def _environment(folder: Path, table: Mapping[str, Any]) -> Environment:
    if not folder.name.isidentifier():
        raise ValueError(f"the folder's name {folder.name!r} cannot be imported")
    profiles = {name: _profile(name, entry) for name, entry in table["profiles"].items()}
    return Environment(
        name=folder.name,
        title=table["title"],
        task_family=table["task_family"],
        summary=table["summary"],
        direction=_one_of(table, "direction", "lower", "higher"),
        aggregation=_one_of(table, "aggregation", "best", "last"),
        score_shown=bool(table["score_shown"]),
        unit=table["unit"],
        display=table["display"],
        time_budget_seconds=float(table["time_budget_seconds"]),
        solution_files=tuple(table["solution_files"]),
        solution_bytes=int(table["solution_bytes"]),
        folder=folder,
        profiles=profiles,
    )


def _profile(name: str, table: Mapping[str, Any]) -> Profile:
    return Profile(
        name=name,
        gpus=int(table["gpus"]),
        cpus=int(table["cpus"]),
        memory_bytes=int(table["memory_bytes"]),
        scoring_timeout_seconds=float(table["scoring_timeout_seconds"]),
        starting_score=table.get("starting_score"),
        reference_score=table.get("reference_score"),
        score_source=table["score_source"],
        settings=dict(table.get("settings", {})),
    )


def _one_of(table: Mapping[str, Any], key: str, *allowed: str) -> Any:
    if table[key] not in allowed:
        raise ValueError(f"{key} is {table[key]!r}, must be one of {', '.join(allowed)}")
    return table[key]
