"""The score log's chain of hashes: each entry seals the one before it. Pure.

Shows that an entry was changed, removed or put in between. Does not show entries cut off at the
end, nor a whole chain computed anew: for that, keep the last hash somewhere else.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from hub.clock import iso

GENESIS = "0" * 64  # previous hash of the first entry

FIELDS = (
    "sequence", "request_id", "attempt_id", "index", "kind", "requested_at", "written_at",
    "working_seconds", "status", "score", "normalized_score", "message", "details", "snapshot",
    "environment_hash", "worker", "hardware", "guards", "scoring_seconds", "previous_hash",
)  # fmt: skip


class Entry(Protocol):
    """A score entry: every name of FIELDS, and its hash."""

    @property
    def sequence(self) -> int: ...
    @property
    def attempt_id(self) -> int: ...
    @property
    def index(self) -> int: ...
    @property
    def previous_hash(self) -> str: ...
    @property
    def hash(self) -> str: ...


def fields_of(entry: Entry) -> dict[str, Any]:
    """What the hash covers: everything but the hash itself."""
    return {name: getattr(entry, name) for name in FIELDS}


def entry_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of FIELDS, hex. Raises ValueError for NaN or infinity.

    Floats as their shortest exact decimals, times as RFC 3339 with microseconds.
    """
    chosen = {name: _plain(fields[name]) for name in FIELDS}
    text = json.dumps(chosen, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def verify_chain(entries: Iterable[Entry]) -> list[str]:
    """What is wrong with the chain, in sentences; empty if all is well. Entries in order."""
    problems: list[str] = []
    previous, sequence = GENESIS, 0
    for entry in entries:
        name = f"Entry {entry.sequence} (attempt {entry.attempt_id}, index {entry.index})"
        if entry.sequence != sequence + 1:
            problems.append(f"{name} follows entry {sequence}: an entry is missing or moved.")
        if entry.previous_hash != previous:
            problems.append(f"{name} does not continue the chain of the entry before it.")
        if entry_hash(fields_of(entry)) != entry.hash:
            problems.append(f"{name} was changed: its hash does not fit its content.")
        previous, sequence = entry.hash, entry.sequence
    return problems


def storable(value: Any) -> Any:
    """The JSON value that a database returns unchanged, so that a hash over it stays true.

    Non-finite floats become their names, unknown objects and keys their text; -0.0 becomes 0.0.
    """
    match value:
        case None | bool() | int():
            return value
        case float():
            return float(value) + 0.0 if math.isfinite(value) else str(value)
        case str():
            return value.encode("utf-8", "replace").decode("utf-8")
        case Mapping():
            return {storable(str(key)): storable(item) for key, item in value.items()}
        case list() | tuple():
            return [storable(item) for item in value]
        case _:
            return storable(str(value))


def _plain(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value
