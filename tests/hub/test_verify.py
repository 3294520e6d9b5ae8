"""`portal verify` is silent over a whole record and names each thing that is not."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hub import snapshots
from hub.settings import Settings
from hub.snapshots.storing import contents
from hub.store import Store
from hub.verify import verify
from tests.hub.records import add_attempt, add_request, write_score


@pytest.fixture
def snapshot(settings: Settings, tmp_path: Path) -> str:
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "solution.py").write_text("x = 1\n")
    return snapshots.from_folder(settings, tmp_path / "solution")


@pytest.fixture
def record(store: Store, snapshot: str) -> int:
    attempt_id = add_attempt(store, upto="started")
    for index in range(3):
        write_score(store, attempt_id, index=index, snapshot=snapshot)
    add_request(store, attempt_id, index=3)
    return attempt_id


def tamper(settings: Settings, *statements: str) -> None:
    """As someone with the database file in hand: he drops the triggers first."""
    connection = sqlite3.connect(settings.root / "portal.db")
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_whole_record_has_no_problems(settings: Settings, store: Store, record: int) -> None:
    assert verify(settings, store) == []


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE score_entries SET score = 9 WHERE sequence = 2",
            "Entry 2 (attempt 1, index 1) was",
        ),
        ("DELETE FROM score_entries WHERE sequence = 2", "an entry is missing or moved"),
        ("DELETE FROM score_entries WHERE sequence = 3", "Score request 3 (attempt 1, index 2) is"),
        ("UPDATE score_requests SET working_seconds = 1 WHERE id = 1", "do not say the same"),
        ("UPDATE score_requests SET status = 'queued' WHERE id = 1", "has an entry but is queued"),
        ("UPDATE score_requests SET status = 'done' WHERE id = 4", "is done but has no entry"),
        ("DELETE FROM score_requests WHERE id = 1", "Entry 1 belongs to no score request"),
        ("UPDATE score_requests SET snapshot = '../x' WHERE id = 4", "'../x' cannot be the name"),
        ("UPDATE attempts SET state = 'finished'", "listed as finished but is running"),
        ("DELETE FROM attempt_events WHERE sequence = 2", "an event is missing"),
        ("DELETE FROM attempt_events WHERE sequence = 2", "cannot be started"),
        ("UPDATE attempt_events SET kind = 'slept' WHERE sequence = 3", "'slept' is not a valid"),
    ],
)
def test_what_was_tampered_with_is_named(
    settings: Settings, store: Store, record: int, statement: str, sentence: str
) -> None:
    tamper(settings, statement)
    assert any(sentence in problem for problem in verify(settings, store))


def test_a_damaged_snapshot_is_named(
    settings: Settings, store: Store, record: int, snapshot: str
) -> None:
    (file,) = snapshots.load(settings, snapshot).files
    contents(settings).path(file.sha256).unlink()
    (problem,) = verify(settings, store)
    assert problem == f"File solution.py of snapshot {snapshot} is missing or was changed."
