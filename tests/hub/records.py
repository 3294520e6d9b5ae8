"""Small records for the tests of the store: an expert, an attempt on its way, a score."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from environments.outcomes import Outcome
from hub.attempts import State
from hub.store import Store
from hub.store.events import append, get_attempt
from hub.store.log import write_entry
from hub.store.models import Attempt, Person, ScoreEntry, ScoreRequest
from hub.transitions import NEXT, EventKind

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STEPS = ("preparing", "ready", "started")
VALID = Outcome("valid", 0.1 + 0.2, 1 / 3, "fine", 1.5, {"loss": [0.1, 2]})


def add_expert(store: Store, name: str = "anna", role: str = "expert") -> None:
    with store.write() as session:
        if session.get(Person, name) is None:
            person = Person(name=name, role=role, password_hash="-", pseudonym=f"p-{name}")
            person.created_at = NOON
            session.add(person)


def add_attempt(
    store: Store, *, expert: str = "anna", upto: str = "assigned", **fields: Any
) -> int:
    """An attempt of 100 s on optimize_kernel with all events at noon up to the one named."""
    add_expert(store, expert)
    values = {
        "environment": "optimize_kernel", "profile": "small", "budget_seconds": 100.0,
        "score_policy": "full", "assigned_by": "root", "assigned_at": NOON, "state": "assigned",
        "starting_score": 2.0, "reference_score": 1.0, "guards": {"isolation": "bubblewrap"},
    }  # fmt: skip
    with store.write() as session:
        attempt = Attempt(expert=expert, **{**values, **fields})
        session.add(attempt)
        session.flush()
        append(session, attempt, EventKind.ASSIGNED, NOON, "root")
        for kind in STEPS[: STEPS.index(upto) + 1] if upto in STEPS else ():
            append(session, attempt, kind, NOON, "portal")
        return attempt.id


def add_event(store: Store, attempt_id: int, kind: str, at: datetime, **rest: Any) -> None:
    with store.write() as session:
        append(session, get_attempt(session, attempt_id), kind, at, "anna", **rest)


def add_request(
    store: Store, attempt_id: int, *, index: int = 0, kind: str = "requested", **fields: Any
) -> int:
    values = {"requested_at": NOON, "working_seconds": 0.1, "status": "queued", **fields}
    with store.write() as session:
        request = ScoreRequest(
            attempt_id=attempt_id, index=index, nonce=f"n{index}", kind=kind, **values
        )
        session.add(request)
        session.flush()
        return request.id


def write_score(
    store: Store, attempt_id: int, outcome: Outcome = VALID, **fields: Any
) -> ScoreEntry:
    """A request and its entry."""
    request_id = add_request(store, attempt_id, **fields)
    with store.write() as session:
        request = session.get_one(ScoreRequest, request_id)
        return write_entry(
            session, request, outcome, environment_hash="e" * 64, worker="worker-1",
            hardware={"cpu": "x"}, guards={}, at=NOON,
        )  # fmt: skip


def run(*kinds: str) -> Iterator[tuple[EventKind, State]]:
    """Each kind with the state it leads to."""
    for kind in map(EventKind, kinds):
        yield kind, NEXT[kind]
