"""Transactions of the store: whole or not at all, one writer at a time, across processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.errors import Unavailable
from hub.settings import Settings
from hub.store import Store, dialect, open_store
from hub.store.models import Heartbeat

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

COUNT_UP = """
import sys
from pathlib import Path
from datetime import datetime, UTC
from hub.settings import Settings
from hub.store import open_store
from hub.store.models import Heartbeat
store = open_store(Settings(data=Path(sys.argv[1])))
for _ in range(40):
    with store.write() as session:
        row = session.get(Heartbeat, "counter")
        row.at = row.at.replace(microsecond=row.at.microsecond + 1)
"""


def beat(store: Store, part: str = "counter") -> None:
    with store.write() as session:
        session.add(Heartbeat(part=part, at=NOON))


def test_a_block_that_raises_writes_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as session:  # noqa: PT012
        session.add(Heartbeat(part="counter", at=NOON))
        session.flush()
        raise RuntimeError
    with store.read() as session:
        assert session.get(Heartbeat, "counter") is None


def test_a_reader_changes_nothing(store: Store) -> None:
    beat(store)
    with store.read() as session:
        session.get_one(Heartbeat, "counter").at = NOON.replace(hour=13)
    with store.read() as session:
        assert session.get_one(Heartbeat, "counter").at == NOON


def test_objects_stay_readable_after_their_session(store: Store) -> None:
    beat(store)
    with store.read() as session:
        row = session.get_one(Heartbeat, "counter")
    assert row.at == NOON


def test_a_naive_time_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="naive datetime"), store.write() as session:
        session.add(Heartbeat(part="counter", at=NOON.replace(tzinfo=None)))


def test_no_update_is_lost_between_processes(settings: Settings, store: Store) -> None:
    beat(store)
    line = [sys.executable, "-c", COUNT_UP, str(settings.root)]
    programs = [subprocess.Popen(line, cwd=Path(__file__).parents[3]) for _ in range(3)]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    with store.read() as session:
        assert session.get_one(Heartbeat, "counter").at.microsecond == 120


def test_no_update_is_lost_between_threads(store: Store) -> None:
    beat(store)

    def count_up() -> None:
        for _ in range(20):
            with store.write() as session:
                row = session.get_one(Heartbeat, "counter")
                row.at = row.at.replace(microsecond=row.at.microsecond + 1)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as session:
        assert session.get_one(Heartbeat, "counter").at.microsecond == 80


def test_a_reader_is_not_held_up_by_a_writer(store: Store) -> None:
    beat(store)
    with store.write() as writing:
        writing.get_one(Heartbeat, "counter").at = NOON.replace(hour=13)
        writing.flush()
        with store.read() as reading:
            assert reading.get_one(Heartbeat, "counter").at == NOON


def test_a_writer_that_waits_too_long_is_told_so(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "BUSY_SECONDS", 0.1)
    impatient = open_store(settings)
    with store.write(), pytest.raises(Unavailable, match="busy"), impatient.write():
        pass
    impatient.close()


def test_a_missing_database_is_named(settings: Settings) -> None:
    with pytest.raises(Unavailable, match="no database") as caught:
        open_store(settings)
    assert "make up" in caught.value.hint


def test_commits_are_durable_and_keys_are_checked(store: Store) -> None:
    with store.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
