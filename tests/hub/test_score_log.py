"""The chain shows every entry that was changed, removed, added or moved."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.score_log import FIELDS, GENESIS, entry_hash, fields_of, storable, verify_chain
from hub.store.models import ScoreEntry

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """A score entry without a database."""

    sequence: int
    previous_hash: str
    hash: str = ""
    request_id: int = 1
    attempt_id: int = 7
    index: int = 0
    kind: str = "requested"
    requested_at: datetime = NOON
    written_at: datetime = NOON
    working_seconds: float = 0.1
    status: str = "valid"
    score: float | None = 0.1 + 0.2
    normalized_score: float | None = None
    message: str = "größer"
    details: Any = None
    snapshot: str | None = None
    environment_hash: str = ""
    worker: str = "w"
    hardware: Any = None
    guards: Any = None
    scoring_seconds: float = 1.0


def sealed(line: Line) -> Line:
    return replace(line, hash=entry_hash(fields_of(line)))


def chain(length: int) -> list[Line]:
    lines: list[Line] = []
    for sequence in range(1, length + 1):
        previous = lines[-1].hash if lines else GENESIS
        lines.append(sealed(Line(sequence, previous, request_id=sequence, index=sequence)))
    return lines


def test_the_hash_covers_every_column_but_itself() -> None:
    assert set(FIELDS) == {column.key for column in ScoreEntry.__table__.columns} - {"hash"}


def test_an_untouched_chain_has_no_problems() -> None:
    assert verify_chain(chain(5)) == []
    assert verify_chain([]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"score": math.nextafter(0.1 + 0.2, 1)},
        {"score": None},
        {"status": "invalid"},
        {"working_seconds": 0.2},
        {"requested_at": NOON + timedelta(microseconds=1)},
        {"message": "better"},
        {"details": {"a": 1}},
        {"snapshot": "f" * 64},
        {"attempt_id": 8},
    ],
)
def test_a_changed_entry_is_named(change: dict[str, Any]) -> None:
    lines = chain(3)
    lines[1] = replace(lines[1], **change)
    (problem,) = verify_chain(lines)
    assert problem.startswith("Entry 2 (attempt ")
    assert problem.endswith("was changed: its hash does not fit its content.")


def test_a_changed_entry_with_a_new_hash_breaks_the_next_link() -> None:
    lines = chain(3)
    lines[1] = sealed(replace(lines[1], score=0.0))
    (problem,) = verify_chain(lines)
    assert "Entry 3" in problem
    assert "does not continue the chain" in problem


def test_a_removed_entry_leaves_a_gap() -> None:
    lines = chain(4)
    problems = verify_chain([lines[0], lines[1], lines[3]])
    assert "Entry 4 (attempt 7, index 4) follows entry 2: an entry is missing or moved." in problems
    assert "follows entry 0" in verify_chain(lines[1:])[0]


def test_moved_and_inserted_entries_are_noticed() -> None:
    lines = chain(3)
    assert verify_chain([lines[0], lines[2], lines[1]])
    assert verify_chain([*lines, sealed(Line(4, GENESIS))])
    assert verify_chain([*lines, lines[2]])


def test_the_zone_of_a_time_does_not_change_the_hash() -> None:
    line = Line(1, GENESIS)
    shifted = replace(line, requested_at=NOON.astimezone(timezone(timedelta(hours=2))))
    assert entry_hash(fields_of(line)) == entry_hash(fields_of(shifted))


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_is_none_cannot_be_sealed(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        entry_hash(fields_of(Line(1, GENESIS, score=number)))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@given(anything)
def test_what_is_stored_comes_back_equal(value: Any) -> None:
    stored = storable(value)
    text = json.dumps(stored, allow_nan=False)
    text.encode("utf-8")
    assert json.dumps(json.loads(text), sort_keys=True) == json.dumps(stored, sort_keys=True)
    assert storable(stored) == stored
