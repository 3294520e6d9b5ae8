"""The whole life of an attempt as lines that a stranger understands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hub.attempts import EventKind, fold
from hub.clock import iso
from hub.store.events import events_of
from hub.store.log import entries_of, requests_of
from hub.store.models import Attempt, AttemptEvent, ScoreEntry, ScoreRequest

View = dict[str, Any]

ENDINGS = {
    "submitted": "The solution was submitted.",
    "time_up": "The time was up.",
    "gave_up": "The expert gave up.",
    "ended_by_admin": "An admin ended it.",
}
SENTENCES = {
    EventKind.PREPARING: "Preparation began: notebook server, score of the starting solution.",
    EventKind.PREPARE_FAILED: "The preparation failed; no time was used.",
    EventKind.READY: "Ready: the server answers and the starting solution is scored.",
    EventKind.STARTED: "The clock started; instructions and files were delivered.",
    EventKind.RESUMED: "The clock ran again.",
    EventKind.FINISHED: "Finished: the final score is written, the server is stopped.",
    EventKind.NOTED: "A remark.",
}
KINDS = {"starting": "the starting solution", "requested": "a score", "final": "the final score"}


def timeline(session: Session, attempt: Attempt) -> list[View]:
    """Events, score requests and their entries in the order of their times, for admins.

    Each line: `at`, `working_seconds` (on the clock then), `who`, `what` (a sentence), `why`,
    `data`. Scores are shown whatever the attempt's policy: not for the expert.
    """
    events = events_of(session, attempt)
    lines = _of_events(attempt, events)
    lines += [_of_request(row, attempt) for row in requests_of(session, attempt.id)]
    lines += [_of_entry(entry) for entry in entries_of(session, attempt.id)]
    lines.sort(key=lambda line: line["at"])  # stable: events before requests before entries
    return [line | {"at": iso(line["at"])} for line in lines]


def _of_events(attempt: Attempt, events: Sequence[AttemptEvent]) -> list[View]:
    lines = []
    for count, event in enumerate(events, start=1):
        clock = fold(attempt.budget_seconds, events[:count]).working_seconds(event.at)
        what = _sentence(attempt, event)
        lines.append(_line(event.at, clock, event.actor, what, event.reason, event.data))
    return lines


def _sentence(attempt: Attempt, event: AttemptEvent) -> str:
    match EventKind(event.kind):
        case EventKind.ASSIGNED:
            budget = f"{attempt.budget_seconds:g} s"
            return f"{attempt.environment} was assigned to {attempt.expert} with {budget}."
        case EventKind.PAUSED:
            return f"The clock stood still (pause: {event.data.get('kind', 'expert')})."
        case EventKind.EXTENDED:
            cause = event.data.get("kind", "admin")
            return f"{event.data['seconds']:g} s were added to the budget ({cause})."
        case EventKind.ENDING:
            return ENDINGS[event.data["ending"]]
        case EventKind.REVIEWED:
            return f"Reviewed: {event.data['verdict']}."
        case kind:
            return SENTENCES[kind]


def _of_request(row: ScoreRequest, attempt: Attempt) -> View:
    who = attempt.expert if row.kind == "requested" else "portal"
    what = f"Score {row.index} was requested ({KINDS.get(row.kind, row.kind)})."
    data = {"nonce": row.nonce, "snapshot": row.snapshot}
    return _line(row.requested_at, row.working_seconds, who, what, row.refusal or "", data)


def _of_entry(entry: ScoreEntry) -> View:
    number = "" if entry.score is None else f": {entry.score!r}"
    if entry.normalized_score is not None:
        number += f", normalized {entry.normalized_score:.3f}"
    what = f"Score {entry.index} is {entry.status}{number}."
    data = {"scoring_seconds": entry.scoring_seconds, "hash": entry.hash}
    clock = entry.working_seconds
    return _line(entry.written_at, clock, entry.worker, what, entry.message, data)


def _line(at: datetime, clock: float, who: str, what: str, why: str, data: View) -> View:
    return {
        "at": at, "working_seconds": clock, "who": who, "what": what, "why": why, "data": data,
    }  # fmt: skip
