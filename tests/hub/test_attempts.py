"""No sequence of accepted events gives negative or lost time, or life after the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.attempts import Ending, EventKind, Progress, State, fold
from hub.errors import BadInput, Refused, TimeIsUp
from hub.transitions import CLOCKLESS

NOON = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # a summer-time change lies in some tests
BUDGET = 100.0


@dataclass(frozen=True)
class Happening:
    kind: str
    at: datetime
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def happening(kind: str, seconds: float, /, **data: Any) -> Happening:
    return Happening(kind, at(seconds), "because", data)


def lived(*happenings: Happening, budget: float = BUDGET) -> Progress:
    """The progress after these, each checked before."""
    progress = fold(budget, [])
    for each in happenings:
        progress.check(each.kind, each.at, each.data)
        progress = progress.after(each)
    return progress


BEGUN = tuple(happening(kind, 0) for kind in ("assigned", "preparing", "ready", "started"))


def end(seconds: float, ending: str = "submitted") -> Happening:
    return happening("ending", seconds, ending=ending)


# The clock, by example


def test_before_the_start_no_time_runs() -> None:
    progress = lived(*BEGUN[:3])
    assert progress.state is State.READY
    assert progress.deadline() is None
    assert (progress.working_seconds(at(999)), progress.remaining_seconds(at(999))) == (0, 100)


def test_the_clock_runs_from_the_start_to_the_limit() -> None:
    progress = lived(*BEGUN)
    assert progress.deadline() == at(100)
    assert progress.working_seconds(at(40)) == 40
    assert progress.remaining_seconds(at(40)) == 60
    assert (progress.working_seconds(at(500)), progress.remaining_seconds(at(500))) == (100, 0)


def test_a_pause_moves_the_limit_by_its_length() -> None:
    paused = lived(*BEGUN, happening("paused", 10, kind="expert"))
    assert paused.deadline() is None
    assert paused.open_pause is not None
    assert paused.working_seconds(at(5000)) == 10
    resumed = lived(*BEGUN, happening("paused", 10), happening("resumed", 5000))
    assert resumed.deadline() == at(5090)
    assert resumed.working_seconds(at(5010)) == 20


def test_a_pause_keeps_its_kind_reason_and_times() -> None:
    progress = lived(*BEGUN, happening("paused", 10, kind="outage"), happening("resumed", 20))
    (pause,) = progress.pauses
    assert (pause.kind, pause.reason) == ("outage", "because")
    assert (pause.since, pause.until) == (at(10), at(20))


def test_an_extension_counts_before_the_start_while_running_and_while_paused() -> None:
    early = happening("extended", 0, seconds=5)
    running, paused = happening("extended", 1, seconds=0.5), happening("extended", 3, seconds=10)
    progress = lived(BEGUN[0], early, *BEGUN[1:], running, happening("paused", 2), paused)
    assert progress.extension_seconds == 15.5
    assert progress.remaining_seconds(at(50)) == 113.5


def test_time_stops_at_the_end() -> None:
    progress = lived(*BEGUN, end(30), happening("finished", 90))
    assert progress.ending is Ending.SUBMITTED
    assert progress.ended_at == at(30)
    assert progress.working_seconds(at(1000)) == 30
    assert progress.remaining_seconds(at(1000)) == 0


def test_an_end_during_a_pause_adds_no_working_time() -> None:
    progress = lived(*BEGUN, happening("paused", 10), end(70, "gave_up"))
    assert progress.working_seconds(at(1000)) == 10
    assert progress.pauses[0].until == at(70)
    assert progress.open_pause is None


def test_time_up_means_exactly_the_whole_allowance() -> None:
    steps = (happening("paused", 0.1), happening("resumed", 0.7), end(100.6, "time_up"))
    progress = lived(*BEGUN, *steps)
    assert progress.working_seconds(at(9999)) == 100


def test_a_failed_preparation_goes_back_and_says_why() -> None:
    failed = lived(*BEGUN[:2], happening("prepare_failed", 1))
    assert (failed.state, failed.problem) == (State.ASSIGNED, "because")
    assert failed.after(happening("preparing", 2)).problem is None


def test_a_clock_set_back_takes_no_working_time_away() -> None:
    progress = lived(*BEGUN, happening("extended", 40, seconds=1))
    assert progress.working_seconds(at(-3600)) == 40


def test_the_zone_of_a_time_does_not_matter() -> None:
    elsewhere = timezone(timedelta(hours=2))
    assert lived(*BEGUN).working_seconds(at(40).astimezone(elsewhere)) == 40


# Refusals, by example


@pytest.mark.parametrize(
    ("steps", "kind", "sentence"),
    [
        (BEGUN[:1], "started", "This attempt is assigned and cannot be started."),
        (BEGUN[:2], "started", "This attempt is preparing and cannot be started."),
        (BEGUN, "started", "This attempt is running and cannot be started."),
        (BEGUN, "resumed", "This attempt is running and cannot be resumed."),
        (BEGUN[:3], "paused", "This attempt is ready and cannot be paused."),
        (BEGUN, "finished", "This attempt is running and cannot be finished."),
        (BEGUN, "assigned", "An attempt is assigned once, before anything else."),
        ((), "preparing", "An attempt is assigned once, before anything else."),
    ],
)
def test_what_does_not_fit_the_state_is_refused_in_a_sentence(
    steps: Sequence[Happening], kind: str, sentence: str
) -> None:
    with pytest.raises(Refused) as caught:
        lived(*steps).check(kind, at(1))
    assert caught.value.message == sentence


def test_a_second_pause_is_refused() -> None:
    with pytest.raises(Refused, match="is paused and cannot be paused"):
        lived(*BEGUN, happening("paused", 1), happening("paused", 2))


def test_a_paused_attempt_can_neither_score_nor_submit() -> None:
    paused = lived(*BEGUN, happening("paused", 1))
    with pytest.raises(Refused, match="is paused and cannot be scored") as caught:
        paused.check_score(at(2))
    assert caught.value.hint == "Resume it first."
    with pytest.raises(Refused, match="cannot be submitted"):
        paused.check("ending", at(2), {"ending": "submitted"})


@pytest.mark.parametrize("steps", [BEGUN[:1], BEGUN[:2], BEGUN[:3]])
@pytest.mark.parametrize("ending", ["gave_up", "ended_by_admin"])
def test_an_attempt_may_be_given_up_before_it_started(
    steps: Sequence[Happening], ending: str
) -> None:
    progress = lived(*steps, end(5, ending))
    assert (progress.state, progress.working_seconds(at(9))) == (State.ENDING, 0)


@pytest.mark.parametrize("kind", ["paused", "extended", "ending"])
@pytest.mark.parametrize("late", [100, 100.000001, 5000])
def test_at_the_limit_and_after_it_everything_is_refused(kind: str, late: float) -> None:
    data = {"seconds": 60, "ending": "ended_by_admin"}
    with pytest.raises(TimeIsUp, match="The time was up at 2026-03-29 00:31:40 UTC"):
        lived(*BEGUN).check(kind, at(late), data)


def test_a_score_counts_until_the_last_microsecond() -> None:
    running = lived(*BEGUN)
    running.check_score(at(99.999999))
    with pytest.raises(TimeIsUp):
        running.check_score(at(100))


@pytest.mark.parametrize("moment", [99.999999, 100.000001, 0])
def test_the_time_is_up_at_the_limit_and_at_no_other_moment(moment: float) -> None:
    with pytest.raises(Refused, match="The time is up at"):
        lived(*BEGUN).check("ending", at(moment), {"ending": "time_up"})


def test_the_time_of_a_paused_attempt_cannot_be_up() -> None:
    with pytest.raises(Refused, match="is paused"):
        lived(*BEGUN, happening("paused", 1)).check("ending", at(100), {"ending": "time_up"})


def test_an_event_cannot_lie_before_the_last_one() -> None:
    with pytest.raises(Refused, match="before the attempt's last event"):
        lived(*BEGUN, happening("paused", 10), happening("resumed", 9))


def test_remarks_may_be_written_at_any_time_and_change_nothing() -> None:
    running, finished = lived(*BEGUN), lived(*BEGUN, end(5), happening("finished", 6))
    for progress in (running, finished):
        noted = progress.after(happening("noted", 4000))
        assert (noted.state, noted.last_at) == (progress.state, progress.last_at)
    assert running.after(happening("noted", 4000)).deadline() == at(100)


def test_a_review_comes_after_the_end_and_may_be_repeated() -> None:
    review = happening("reviewed", 7, verdict="censored")
    with pytest.raises(Refused):
        lived(*BEGUN, review)
    again = happening("reviewed", 8, verdict="accepted")
    progress = lived(*BEGUN, end(5), happening("finished", 6), review, again)
    assert progress.verdict == "accepted"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("extended", {}),
        ("extended", {"seconds": -1}),
        ("extended", {"seconds": 0}),
        ("extended", {"seconds": float("nan")}),
        ("extended", {"seconds": float("inf")}),
        ("extended", {"seconds": "60"}),
        ("extended", {"seconds": True}),
        ("extended", {"seconds": 1e12}),
        ("ending", {}),
        ("ending", {"ending": "tired"}),
    ],
)
def test_unusable_data_are_refused(kind: str, data: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        lived(*BEGUN).check(kind, at(1), data)


def test_an_unknown_kind_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="rebooted"):
        lived(*BEGUN).check("rebooted", at(1))


# Any sequence at all

kinds = st.sampled_from([kind.value for kind in EventKind])
data = st.fixed_dictionaries(
    {
        "seconds": st.floats(0.001, 50) | st.just(-5.0),
        "ending": st.sampled_from(list(Ending)),
        "verdict": st.just("accepted"),
    }
)
steps = st.lists(st.tuples(kinds, st.floats(-5, 40), data), max_size=40)
# Most random walks never leave `assigned`: half of them begin in the middle of a life.
walks = st.tuples(st.sampled_from([BEGUN[:0], BEGUN]), steps)


def accepted(walk: tuple[tuple[Happening, ...], list[Any]]) -> list[Happening]:
    """The events of a walk that the rules let happen. Some lie exactly at the limit."""
    begun, rest = walk
    lives = list(begun)
    progress, now = lived(*begun), 0.0
    for kind, gap, values in rest:
        now += gap
        each = Happening(kind, at(now), "", values)
        if kind == EventKind.ENDING and values["ending"] is Ending.TIME_UP:
            each = Happening(kind, progress.deadline() or at(now), "", values)
        try:
            progress.check(each.kind, each.at, each.data)
        except (Refused, BadInput):
            continue
        progress = progress.after(each)
        lives.append(each)
    return lives


def counted(events: Sequence[Happening], now: datetime) -> timedelta:
    """Working time by a stopwatch, independent of the fold."""
    worked, since, over = timedelta(0), None, False
    for event in events:
        if event.kind in ("paused", "ending") and since is not None:
            worked, since = worked + (event.at - since), None
        if event.kind in ("started", "resumed"):
            since = event.at
        over = over or event.kind == "ending"
    if since is not None and not over:
        worked += max(now - since, timedelta(0))
    return worked


@given(walks)
def test_no_time_is_negative_and_none_is_lost(walk: Any) -> None:
    events = accepted(walk)
    previous = 0.0
    for count in range(len(events) + 1):
        progress = fold(BUDGET, events[:count])
        moment = progress.last_at or NOON
        worked = progress.working_seconds(moment)
        assert previous <= worked <= progress.allowance_seconds
        assert worked == counted(events[:count], moment).total_seconds()
        if progress.ended_at is None:
            left = progress.remaining_seconds(moment)
            assert left >= 0
            assert worked + left == pytest.approx(progress.allowance_seconds, abs=1e-9)
        previous = worked


@given(walks)
def test_pauses_never_overlap_and_at_most_one_is_open(walk: Any) -> None:
    progress = fold(BUDGET, accepted(walk))
    ends = [pause.until for pause in progress.pauses]
    assert ends.count(None) == (progress.state is State.PAUSED)
    assert None not in ends[:-1]
    for earlier, later in zip(progress.pauses, progress.pauses[1:], strict=False):
        assert earlier.until is not None
        assert earlier.since <= earlier.until <= later.since


@given(walks, st.floats(0, 500))
def test_scores_happen_only_in_running_time(walk: Any, moment: float) -> None:
    progress = fold(BUDGET, accepted(walk))
    try:
        progress.check_score(at(moment))
    except Refused:
        return
    assert progress.state is State.RUNNING
    assert progress.started_at is not None
    assert progress.started_at <= at(moment)
    assert progress.working_seconds(at(moment)) < progress.allowance_seconds


@given(walks)
def test_nothing_happens_after_the_end_but_remarks(walk: Any) -> None:
    kinds = [EventKind(event.kind) for event in accepted(walk)]
    if EventKind.ENDING in kinds:
        after = kinds[kinds.index(EventKind.ENDING) + 1 :]
        assert after.count(EventKind.FINISHED) <= 1
        assert set(after) <= {EventKind.FINISHED} | CLOCKLESS


@given(walks)
def test_the_deadline_is_the_moment_at_which_nothing_remains(walk: Any) -> None:
    progress = fold(BUDGET, accepted(walk))
    deadline = progress.deadline()
    if deadline is None:
        assert progress.state is not State.RUNNING
        return
    assert progress.remaining_seconds(deadline) == 0
    assert progress.remaining_seconds(deadline - timedelta(microseconds=1)) > 0
    assert progress.is_over(deadline)


@given(walks)
def test_an_accepted_life_is_accepted_again(walk: Any) -> None:
    lived(*accepted(walk))
