"""Which event may happen in which state of an attempt, and the sentence when it may not. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from hub.errors import BadInput, Refused


class State(StrEnum):
    """Where an attempt stands."""

    ASSIGNED = "assigned"
    PREPARING = "preparing"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    ENDING = "ending"
    FINISHED = "finished"


class EventKind(StrEnum):
    """What can happen to an attempt; `data` in brackets."""

    ASSIGNED = "assigned"
    PREPARING = "preparing"
    PREPARE_FAILED = "prepare_failed"  # ours; back to assigned
    READY = "ready"
    STARTED = "started"
    PAUSED = "paused"  # [kind: expert | admin | outage …]
    RESUMED = "resumed"
    EXTENDED = "extended"  # [seconds > 0, kind: admin | scorer-failure …]
    ENDING = "ending"  # [ending: see Ending]
    FINISHED = "finished"
    REVIEWED = "reviewed"  # [verdict: see Verdict]
    NOTED = "noted"  # a remark; changes nothing


class Ending(StrEnum):
    """How the working time ended."""

    SUBMITTED = "submitted"
    TIME_UP = "time_up"
    GAVE_UP = "gave_up"
    ENDED_BY_ADMIN = "ended_by_admin"


class Verdict(StrEnum):
    """An admin's review: censored stays in the statistics, excluded does not."""

    ACCEPTED = "accepted"
    CENSORED = "censored"
    EXCLUDED = "excluded"


_UNTIL_ENDING = frozenset(State) - {State.ENDING, State.FINISHED}

ALLOWED: Mapping[EventKind, frozenset[State]] = {
    EventKind.ASSIGNED: frozenset({State.ASSIGNED}),
    EventKind.PREPARING: frozenset({State.ASSIGNED}),
    EventKind.PREPARE_FAILED: frozenset({State.PREPARING, State.READY}),
    EventKind.READY: frozenset({State.PREPARING}),
    EventKind.STARTED: frozenset({State.READY}),
    EventKind.PAUSED: frozenset({State.RUNNING}),
    EventKind.RESUMED: frozenset({State.PAUSED}),
    EventKind.EXTENDED: _UNTIL_ENDING,
    EventKind.ENDING: _UNTIL_ENDING,
    EventKind.FINISHED: frozenset({State.ENDING}),
    EventKind.REVIEWED: frozenset({State.FINISHED}),
    EventKind.NOTED: frozenset(State),
}

# Giving up and an admin's end are possible at any moment before the end.
ENDS_FROM: Mapping[Ending, frozenset[State]] = {
    Ending.SUBMITTED: frozenset({State.RUNNING}),
    Ending.TIME_UP: frozenset({State.RUNNING}),
    Ending.GAVE_UP: _UNTIL_ENDING,
    Ending.ENDED_BY_ADMIN: _UNTIL_ENDING,
}

NEXT: Mapping[EventKind, State] = {  # the other kinds leave the state as it is
    EventKind.PREPARING: State.PREPARING,
    EventKind.PREPARE_FAILED: State.ASSIGNED,
    EventKind.READY: State.READY,
    EventKind.STARTED: State.RUNNING,
    EventKind.PAUSED: State.PAUSED,
    EventKind.RESUMED: State.RUNNING,
    EventKind.ENDING: State.ENDING,
    EventKind.FINISHED: State.FINISHED,
}

CLOCKLESS = frozenset({EventKind.REVIEWED, EventKind.NOTED})  # may be written at any time

_DEEDS: Mapping[EventKind, str] = {
    EventKind.ASSIGNED: "assigned again",
    EventKind.PREPARING: "prepared",
    EventKind.PREPARE_FAILED: "called unprepared",
    EventKind.READY: "called ready",
    EventKind.STARTED: "started",
    EventKind.PAUSED: "paused",
    EventKind.RESUMED: "resumed",
    EventKind.EXTENDED: "extended",
    EventKind.ENDING: "ended",
    EventKind.FINISHED: "finished",
    EventKind.REVIEWED: "reviewed",
    EventKind.NOTED: "remarked on",
}

_HINTS: Mapping[State, str] = {
    State.ASSIGNED: "Prepare it first.",
    State.PREPARING: "Wait until it is ready.",
    State.READY: "Start the clock first.",
    State.RUNNING: "",
    State.PAUSED: "Resume it first.",
    State.ENDING: "Its time is over; the final score is being taken.",
    State.FINISHED: "Its time is over.",
}


def refuse_wrong_state(kind: EventKind, state: State, data: Mapping[str, Any]) -> None:
    """Raises `Refused` if the event cannot happen in this state."""
    allowed = ALLOWED[kind]
    if kind is EventKind.ENDING:
        allowed = ENDS_FROM[Ending(data["ending"])]
    if state not in allowed:
        raise refusal(state, _deed(kind, data))


def refusal(state: State, deed: str) -> Refused:
    """The error for something that cannot be done now; `deed` as in "be scored"."""
    return Refused(f"This attempt is {state} and cannot be {deed}.", hint=_HINTS[state])


def refuse_bad_data(kind: EventKind, data: Mapping[str, Any]) -> None:
    """Raises `BadInput` if the event lacks what the fold needs of it."""
    if kind is EventKind.EXTENDED:
        _positive(data.get("seconds"))
    elif kind is EventKind.ENDING:
        _one_of(Ending, "ending", data)
    elif kind is EventKind.REVIEWED:
        _one_of(Verdict, "verdict", data)


def _positive(seconds: Any) -> None:
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not math.isfinite(seconds) or seconds <= 0:
        raise BadInput(f"An extension of {seconds!r} seconds is not possible; give more than 0.")
    if seconds > 366 * 86400:
        raise BadInput(f"An extension of {seconds:g} seconds is more than a year.")


def _one_of(words: type[StrEnum], key: str, data: Mapping[str, Any]) -> None:
    if data.get(key) not in list(words):
        known = ", ".join(words)
        raise BadInput(f"{key} is {data.get(key)!r}; it must be one of {known}.")


def _deed(kind: EventKind, data: Mapping[str, Any]) -> str:
    submitted = kind is EventKind.ENDING and data["ending"] == Ending.SUBMITTED
    return "submitted" if submitted else _DEEDS[kind]
