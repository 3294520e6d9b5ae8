"""All that is particular to SQLite: durability, locking, modes, refusing triggers.

PostgreSQL gets its own branch here (and INSERT-only rights instead of triggers) and nowhere else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

BUSY_SECONDS = 30.0
BEGIN = "sqlite_begin"  # execution option: DEFERRED for readers, IMMEDIATE for writers

# Tables that are only ever added to, with the keys by which a row could be replaced.
APPEND_ONLY: dict[str, Sequence[Sequence[str]]] = {
    "attempt_events": (("id",), ("attempt_id", "sequence")),
    "score_entries": (("sequence",), ("request_id",), ("hash",)),
    "audit": (("id",),),
}


def make_engine(url: str) -> Engine:
    """An engine whose transactions are durable at commit. The file need not exist yet."""
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS},
        json_serializer=_json,
        pool_size=8,
        max_overflow=24,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def create_file(path: Path) -> None:
    """The database file, mode 0600 in a folder of mode 0700; its WAL inherits the mode."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def use_write_ahead_log(connection: Connection) -> None:
    """Readers never wait for the writer. Kept in the file; not inside a transaction."""
    connection.connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()


def is_busy(error: OperationalError) -> bool:
    """Whether another writer held the database for longer than BUSY_SECONDS."""
    return "database is locked" in str(error.orig)


def append_only_triggers(table: str) -> list[str]:
    """SQL that makes a table refuse UPDATE, DELETE and replacing INSERT, for every client.

    Stops slips and injected statements. Does not stop someone who may write the file: he can
    drop the triggers first. For score entries the hash chain then shows it.
    """
    refuse = f"SELECT RAISE(ABORT, '{table} is append-only')"
    taken = " OR ".join(
        "(" + " AND ".join(f"old.{column} = NEW.{column}" for column in key) + ")"
        for key in APPEND_ONLY[table]
    )
    exists = f"WHEN EXISTS (SELECT 1 FROM {table} AS old WHERE {taken})"
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN {refuse}; END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refuse}; END",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {exists} BEGIN {refuse}; END",
    ]


def _configure(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we begin ourselves, see _begin
    for pragma in ("foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get(BEGIN, "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)
