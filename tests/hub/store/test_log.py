"""Entries are written exactly once, in a chain, and read back bit by bit."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from environments.outcomes import Outcome
from hub.score_log import GENESIS, verify_chain
from hub.store import Store
from hub.store.log import entries_of, write_entry
from hub.store.models import ScoreEntry, ScoreRequest
from tests.hub.records import NOON, VALID, add_attempt, add_request, write_score


def everything(store: Store) -> list[ScoreEntry]:
    with store.read() as session:
        return list(session.scalars(select(ScoreEntry).order_by(ScoreEntry.sequence)))


def test_entries_of_all_attempts_form_one_chain(store: Store) -> None:
    first, second = add_attempt(store), add_attempt(store)
    for index in range(2):
        for attempt_id in (first, second):
            write_score(store, attempt_id, index=index)
    entries = everything(store)
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4]
    assert entries[0].previous_hash == GENESIS
    assert verify_chain(entries) == []


def test_an_entry_says_what_was_requested_and_marks_it_done(store: Store) -> None:
    attempt_id = add_attempt(store)
    at = NOON + timedelta(microseconds=7)
    write_score(store, attempt_id, index=3, kind="final", requested_at=at, snapshot="f" * 64)
    with store.read() as session:
        (entry,) = entries_of(session, attempt_id)
        request = session.get_one(ScoreRequest, entry.request_id)
    assert request.status == "done"
    assert (entry.index, entry.kind, entry.requested_at) == (3, "final", at)
    assert (entry.snapshot, entry.working_seconds) == ("f" * 64, 0.1)
    assert (entry.score, entry.normalized_score) == (0.1 + 0.2, 1 / 3)
    assert (entry.message, entry.details) == ("fine", {"loss": [0.1, 2]})


def test_a_second_entry_for_one_request_is_impossible(store: Store) -> None:
    request_id = add_request(store, add_attempt(store))

    def write() -> None:
        with store.write() as session:
            write_entry(
                session, session.get_one(ScoreRequest, request_id), VALID,
                environment_hash="", worker="w", hardware={}, guards={}, at=NOON,
            )  # fmt: skip

    write()
    with pytest.raises(IntegrityError):
        write()
    assert len(everything(store)) == 1


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(numbers, st.text(), st.dictionaries(st.text(), st.floats() | st.text() | st.integers()))
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_number_and_any_text_survive_the_database(
    store: Store, score: float, message: str, details: dict[str, object]
) -> None:
    attempt_id = add_attempt(store)
    write_score(store, attempt_id, Outcome("valid", score, -score, message, 1, details))
    store.close()
    entry = everything(store)[-1]
    assert entry.score == score
    assert entry.score is not None
    assert math.copysign(1, entry.score) == math.copysign(1, score + 0.0)
    assert verify_chain(everything(store)) == []


def test_text_that_is_no_unicode_does_not_lose_a_score(store: Store) -> None:
    write_score(store, add_attempt(store), Outcome("invalid", None, None, "caf\ud800", 0.0))
    assert everything(store)[0].message == "caf?"


def test_a_score_request_of_nobody_is_refused(store: Store) -> None:
    with pytest.raises(IntegrityError):
        add_request(store, 999)
