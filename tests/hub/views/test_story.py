"""The timeline tells the whole story of an attempt in order."""

from __future__ import annotations

from datetime import timedelta

from hub.attempts import EventKind
from hub.store import Store
from hub.store.events import get_attempt
from hub.views import timeline
from hub.views.story import SENTENCES
from tests.hub.records import NOON, add_attempt, add_event, write_score


def test_a_stranger_reads_what_happened(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started")
    steps = [
        ("paused", 10, {"kind": "expert"}), ("resumed", 30, {}),
        ("extended", 40, {"seconds": 60.0}), ("ending", 50, {"ending": "submitted"}),
        ("finished", 55, {}), ("reviewed", 60, {"verdict": "accepted"}), ("noted", 61, {}),
    ]  # fmt: skip
    for kind, second, data in steps:
        add_event(store, attempt_id, kind, NOON + timedelta(seconds=second), data=data)
    write_score(store, attempt_id, index=1, requested_at=NOON + timedelta(seconds=35))
    with store.read() as session:
        lines = timeline(session, get_attempt(session, attempt_id))
    sentences = [line["what"] for line in lines]
    assert sentences[0] == "optimize_kernel was assigned to anna with 100 s."
    assert sentences[-7:] == [
        "The clock ran again.",
        "Score 1 was requested (a score).",
        "60 s were added to the budget (admin).",
        "The solution was submitted.",
        "Finished: the final score is written, the server is stopped.",
        "Reviewed: accepted.",
        "A remark.",
    ]
    assert "Score 1 is valid: 0.30000000000000004, normalized 0.333." in sentences
    clocks = {line["what"]: line["working_seconds"] for line in lines}
    assert clocks["The clock ran again."] == 10
    assert clocks["Reviewed: accepted."] == 30
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)


def test_every_kind_of_event_has_its_sentence() -> None:
    built = {"assigned", "paused", "extended", "ending", "reviewed"}
    assert {kind.value for kind in EventKind} == {kind.value for kind in SENTENCES} | built
