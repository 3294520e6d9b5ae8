"""Events are added by the rules, folded into the state, and never changed afterwards."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hub.attempts import Ending, EventKind, State
from hub.errors import NotFound, Refused
from hub.settings import Settings
from hub.store import Store
from hub.store.events import append, events_of, get_attempt, progress
from hub.store.models import AttemptEvent, AuditLine
from tests.hub.records import NOON, add_attempt, run, write_score


def test_each_event_moves_the_indexed_state(store: Store) -> None:
    attempt_id = add_attempt(store)
    for kind, state in run("preparing", "ready", "started", "paused", "resumed"):
        with store.write() as session:
            append(session, get_attempt(session, attempt_id), kind, NOON, "anna")
        with store.read() as session:
            assert get_attempt(session, attempt_id).state == state


def test_a_refused_event_leaves_no_trace(store: Store) -> None:
    attempt_id = add_attempt(store)
    with pytest.raises(Refused), store.write() as session:
        append(session, get_attempt(session, attempt_id), EventKind.STARTED, NOON, "anna")
    with store.read() as session:
        attempt = get_attempt(session, attempt_id)
        assert [event.kind for event in events_of(session, attempt)] == ["assigned"]
        assert progress(session, attempt).state is State.ASSIGNED


def test_a_clock_that_was_set_back_moves_no_event_before_the_last(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started")
    with store.write() as session:
        attempt = get_attempt(session, attempt_id)
        append(session, attempt, EventKind.PAUSED, NOON + timedelta(seconds=5), "anna")
        append(session, attempt, EventKind.RESUMED, NOON - timedelta(hours=1), "anna")
        assert progress(session, attempt).working_seconds(NOON) == 5.0


def test_an_unknown_attempt_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="no attempt 7"), store.read() as session:
        get_attempt(session, 7)


def test_two_events_cannot_take_the_same_place(store: Store) -> None:
    attempt_id = add_attempt(store)
    twin = AttemptEvent(attempt_id=attempt_id, sequence=0, kind="noted", at=NOON, actor="eve")
    with pytest.raises(IntegrityError), store.write() as session:
        session.add(twin)


ATTACKS = [
    "UPDATE attempt_events SET at = '2020-01-01'",
    "DELETE FROM attempt_events",
    "INSERT OR REPLACE INTO attempt_events SELECT * FROM attempt_events",
    "UPDATE OR IGNORE score_entries SET score = 0",
    "DELETE FROM score_entries WHERE sequence = 1",
    "INSERT OR REPLACE INTO score_entries SELECT * FROM score_entries",
    "INSERT OR REPLACE INTO audit SELECT * FROM audit",
    "DELETE FROM audit",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_record_refuses_change_and_deletion(
    attack: str, settings: Settings, store: Store
) -> None:
    write_score(store, add_attempt(store, upto="started"))
    with store.write() as session:
        session.add(AuditLine(at=NOON, actor="root", act="exported"))
    with pytest.raises(IntegrityError, match="append-only"), store.write() as session:
        session.execute(text(attack))
    other_client = sqlite3.connect(settings.root / "portal.db")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other_client.execute(attack)
    other_client.close()


def test_the_final_end_is_recorded_with_its_kind(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started")
    with store.write() as session:
        attempt = get_attempt(session, attempt_id)
        data = {"ending": Ending.GAVE_UP}
        append(session, attempt, EventKind.ENDING, NOON, "anna", "too hard", data)
    with store.read() as session:
        last = events_of(session, get_attempt(session, attempt_id))[-1]
    assert (last.reason, last.data) == ("too hard", {"ending": "gave_up"})
