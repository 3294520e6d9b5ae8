"""`portal verify`: is the record whole? Recomputes what can be recomputed and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub import snapshots
from hub.attempts import fold
from hub.errors import PortalError
from hub.score_log import verify_chain
from hub.settings import Settings
from hub.store.database import Store
from hub.store.events import events_of
from hub.store.models import Attempt, ScoreEntry, ScoreRequest

BATCH = 200


def verify(settings: Settings, store: Store) -> list[str]:
    """What is wrong, in sentences; empty if all is well. May run while experts work.

    Does not notice entries cut off at the end together with their requests, nor a whole chain
    computed anew by someone who may write the database.
    """
    with store.read() as session:
        problems = [
            *verify_chain(_entries(session)),
            *_requests_against_entries(session),
            *_attempts_against_events(session),
        ]
        names = _snapshots(session)
    for name in sorted(names):
        problems += snapshots.verify(settings, name)
    return problems


def _entries(session: Session) -> Iterator[ScoreEntry]:
    query = select(ScoreEntry).order_by(ScoreEntry.sequence)
    return iter(session.scalars(query.execution_options(yield_per=BATCH)))


def _requests_against_entries(session: Session) -> Iterator[str]:
    """Every request that is done has its one entry; every entry says what was requested."""
    entries = {entry.request_id: entry for entry in _entries(session)}
    for request in session.scalars(select(ScoreRequest).order_by(ScoreRequest.id)):
        entry = entries.pop(request.id, None)
        name = f"Score request {request.id} (attempt {request.attempt_id}, index {request.index})"
        if request.status == "done" and entry is None:
            yield f"{name} is done but has no entry."
        if request.status != "done" and entry is not None:
            yield f"{name} has an entry but is {request.status}."
        if entry is not None and _differ(request, entry):
            yield f"{name} and its entry {entry.sequence} do not say the same."
    for entry in entries.values():
        yield f"Entry {entry.sequence} belongs to no score request."


def _differ(request: ScoreRequest, entry: ScoreEntry) -> bool:
    same = ("attempt_id", "index", "kind", "requested_at", "working_seconds", "snapshot")
    return any(getattr(request, name) != getattr(entry, name) for name in same)


def _attempts_against_events(session: Session) -> Iterator[str]:
    """Every life was possible by the rules, and the indexed state is the folded one."""
    for attempt in session.scalars(select(Attempt).order_by(Attempt.id)):
        life = fold(attempt.budget_seconds, [])
        for place, event in enumerate(events_of(session, attempt)):
            name = f"Event {event.sequence} ({event.kind}) of attempt {attempt.id}"
            if event.sequence != place:
                yield f"{name} stands at place {place}: an event is missing."
            try:
                life.check(event.kind, event.at, event.data)
                life = life.after(event)
            except (PortalError, ValueError, KeyError) as error:
                yield f"{name} was not possible: {error}"
        if attempt.state != life.state.value:
            yield f"Attempt {attempt.id} is listed as {attempt.state} but is {life.state.value}."


def _snapshots(session: Session) -> set[str]:
    found = {*session.scalars(select(ScoreRequest.snapshot).distinct())}
    found |= {*session.scalars(select(ScoreEntry.snapshot).distinct())}
    return {name for name in found if name is not None}
