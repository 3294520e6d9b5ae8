"""The life and the clock of an attempt, folded from its events. Pure: time is an argument.

    assigned → preparing → ready → running ⇄ paused → ending → finished

Time is added up as whole microseconds (`timedelta`), so nothing is lost by rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from hub.errors import Refused, TimeIsUp
from hub.transitions import (
    CLOCKLESS,
    NEXT,
    Ending,
    EventKind,
    State,
    Verdict,
    refusal,
    refuse_bad_data,
    refuse_wrong_state,
)

__all__ = ["Ending", "Event", "EventKind", "Pause", "Progress", "State", "Verdict", "fold"]

NONE = timedelta(0)


class Event(Protocol):
    """One thing that happened: a row of the store or any object like it."""

    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def reason(self) -> str: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Pause:
    """A time in which the clock stood. `until` is None while it lasts."""

    kind: str  # expert | admin | outage …
    reason: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Progress:
    """Everything that follows from the events so far. Does not know the time by itself."""

    budget_seconds: float
    state: State = State.ASSIGNED
    events: int = 0  # how many were folded
    last_at: datetime | None = None  # of the last event that concerns the clock
    problem: str | None = None  # why the last preparation failed, until the next one
    started_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extension: timedelta = NONE
    ending: Ending | None = None
    ended_at: datetime | None = None  # the clock stood from here on
    finished_at: datetime | None = None
    verdict: Verdict | None = None  # of the last review

    @property
    def extension_seconds(self) -> float:
        return self.extension.total_seconds()

    @property
    def allowance_seconds(self) -> float:
        """Budget and extensions together."""
        return self._allowance.total_seconds()

    @property
    def open_pause(self) -> Pause | None:
        """The pause that lasts now. One that an end cut short counts as closed."""
        return self.pauses[-1] if self.state is State.PAUSED else None

    def deadline(self) -> datetime | None:
        """When the time is up. None unless the clock runs: a pause moves it."""
        if self.state is not State.RUNNING or self.started_at is None:
            return None
        return self.started_at + self._allowance + self._paused

    def working_seconds(self, now: datetime) -> float:
        """Time on the clock at `now`; between 0 and the allowance, never decreasing."""
        return self._worked(now).total_seconds()

    def remaining_seconds(self, now: datetime) -> float:
        """What is left to work; 0 after the end."""
        if self.ended_at is not None:
            return 0.0
        return (self._allowance - self._worked(now)).total_seconds()

    def is_over(self, now: datetime) -> bool:
        """Whether the limit has passed but nobody has written the end yet."""
        deadline = self.deadline()
        return deadline is not None and now >= deadline

    def check(self, kind: str, at: datetime, data: Mapping[str, Any] | None = None) -> None:
        """Raises if this event may not happen at this moment.

        Raises: `Refused` (state or order), `TimeIsUp` (limit passed), `BadInput` (data).
        """
        kind, data = EventKind(kind), data or {}
        if (kind is EventKind.ASSIGNED) != (self.events == 0):
            raise Refused("An attempt is assigned once, before anything else.")
        refuse_bad_data(kind, data)
        if kind is EventKind.ENDING and data["ending"] == Ending.TIME_UP:
            self._check_time_up(at)
        elif kind not in CLOCKLESS:
            self._check_time(at)
        refuse_wrong_state(kind, self.state, data)

    def check_score(self, at: datetime) -> None:
        """Raises `Refused` or `TimeIsUp` unless a score may be requested at this moment."""
        self._check_time(at)
        if self.ending is Ending.TIME_UP and self.ended_at is not None:
            raise _time_was_up(self.ended_at)
        if self.state is not State.RUNNING:
            raise refusal(self.state, "scored")

    def after(self, event: Event) -> Progress:
        """The progress with one more event. Trusts it: `check` comes before writing."""
        kind = EventKind(event.kind)
        step = replace(self, events=self.events + 1, state=NEXT.get(kind, self.state))
        if kind not in CLOCKLESS:
            step = replace(step, last_at=event.at)
        return replace(step, **_changes(self, kind, event))

    @property
    def _allowance(self) -> timedelta:
        return timedelta(seconds=self.budget_seconds) + self.extension

    @property
    def _paused(self) -> timedelta:
        """Closed pauses."""
        return sum((p.until - p.since for p in self.pauses if p.until is not None), NONE)

    def _worked(self, now: datetime) -> timedelta:
        if self.started_at is None or self.last_at is None:
            return NONE
        until = max(now, self.last_at)  # a clock that was set back takes nothing away
        if self.open_pause is not None:
            until = self.open_pause.since
        until = self.ended_at or until
        return min(until - self.started_at - self._paused, self._allowance)

    def _check_time(self, at: datetime) -> None:
        if self.last_at is not None and at < self.last_at:
            raise Refused(f"{at:%H:%M:%S.%f} lies before the attempt's last event.")
        deadline = self.deadline()
        if deadline is not None and at >= deadline:
            raise _time_was_up(deadline)

    def _check_time_up(self, at: datetime) -> None:
        deadline = self.deadline()
        if deadline is not None and at != deadline:
            raise Refused(f"The time is up at {deadline.isoformat()}, not at {at.isoformat()}.")


def _time_was_up(limit: datetime) -> TimeIsUp:
    return TimeIsUp(
        f"The time was up at {limit:%Y-%m-%d %H:%M:%S} UTC.",
        hint="What was asked before the limit counts; the last score is taken by itself.",
    )


def fold(budget_seconds: float, events: Iterable[Event]) -> Progress:
    """The progress after these events, in their order."""
    progress = Progress(budget_seconds)
    for event in events:
        progress = progress.after(event)
    return progress


def _changes(before: Progress, kind: EventKind, event: Event) -> dict[str, Any]:
    """The fields that an event sets."""
    data = event.data
    match kind:
        case EventKind.PREPARING:
            return {"problem": None}
        case EventKind.PREPARE_FAILED:
            return {"problem": event.reason}
        case EventKind.STARTED:
            return {"started_at": event.at}
        case EventKind.PAUSED:
            pause = Pause(data.get("kind", "expert"), event.reason, event.at)
            return {"pauses": (*before.pauses, pause)}
        case EventKind.RESUMED:
            return {"pauses": _closed(before, event.at)}
        case EventKind.EXTENDED:
            return {"extension": before.extension + timedelta(seconds=data["seconds"])}
        case EventKind.ENDING:
            end = {"ending": Ending(data["ending"]), "ended_at": event.at}
            return {**end, "pauses": _closed(before, event.at)}
        case EventKind.FINISHED:
            return {"finished_at": event.at}
        case EventKind.REVIEWED:
            return {"verdict": Verdict(data["verdict"])}
        case _:
            return {}


def _closed(before: Progress, at: datetime) -> tuple[Pause, ...]:
    """The pauses with the open one, if any, ended."""
    if before.open_pause is None:
        return before.pauses
    return (*before.pauses[:-1], replace(before.open_pause, until=at))
