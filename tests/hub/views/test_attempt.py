"""What an expert and an admin see of an attempt, key by key."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from environments.outcomes import Outcome
from hub.errors import NotFound
from hub.service import shapes
from hub.store import Store
from hub.store.models import ScoreRequest, Server
from hub.views import attempt_view, attempts_view
from tests.hub.records import NOON, VALID, add_attempt, add_event, add_request, write_score

LATER = NOON + timedelta(seconds=40)
BETTER = Outcome("valid", -1.25, 3.25, "1.62 ms", 2.0)
INVALID = Outcome("invalid", None, None, "solution.py is missing.", 0.1)
FAILED = Outcome("failed", None, None, "The scorer failed.", 0.1)


def seen(store: Store, attempt_id: int, *, admin: bool = False) -> dict[str, Any]:
    view = attempt_view(store, attempt_id, LATER, for_admin=admin)
    json.dumps(view, allow_nan=False)
    shapes.AttemptView.model_validate(view)
    return view


def test_a_fresh_attempt_promises_its_budget_and_shows_nothing_else(store: Store) -> None:
    view = seen(store, add_attempt(store))
    assert (view["state"], view["ending"], view["url"], view["problem"]) == (
        "assigned", None, None, None,
    )  # fmt: skip
    assert (view["working_seconds"], view["remaining_seconds"]) == (0, 100)
    assert (view["entries"], view["requests"], view["best"], view["scores"]) == ([], [], None, 0)


def test_a_running_attempt_shows_the_servers_clock(store: Store) -> None:
    view = seen(store, add_attempt(store, upto="started"))
    assert view["server_time"] == "2026-01-01T12:00:40.000000Z"
    assert view["started_at"] == "2026-01-01T12:00:00.000000Z"
    assert view["deadline"] == "2026-01-01T12:01:40.000000Z"
    assert (view["working_seconds"], view["remaining_seconds"]) == (40, 60)


def test_a_paused_attempt_says_why_and_has_no_deadline(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started")
    at = NOON + timedelta(seconds=10)
    add_event(store, attempt_id, "paused", at, reason="lunch", data={"kind": "expert"})
    view = seen(store, attempt_id)
    since = "2026-01-01T12:00:10.000000Z"
    assert view["pause"] == {"kind": "expert", "reason": "lunch", "since": since}
    assert (view["deadline"], view["remaining_seconds"]) == (None, 90)


def test_scores_are_listed_newest_last_and_the_best_is_the_environments(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started")
    write_score(store, attempt_id, index=0, kind="starting")
    for index, outcome in enumerate((BETTER, VALID, INVALID, FAILED), start=1):
        write_score(store, attempt_id, outcome, index=index)
    view = seen(store, attempt_id)
    assert [entry["index"] for entry in view["entries"]] == [0, 1, 2, 3, 4]
    assert view["best"]["score"] == -1.25  # lower is better here
    assert view["scores"] == 3  # neither the starting solution nor a fault of ours
    assert (view["direction"], view["unit"], view["display"]) == ("lower", "ln(ms)", "exp:ms")
    assert view["problem"] == "The scorer failed."


def test_only_an_admin_sees_details_worker_and_hash(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started")
    write_score(store, attempt_id)
    own = {"details", "worker", "hash"}
    assert not own & seen(store, attempt_id)["entries"][0].keys()
    assert own <= seen(store, attempt_id, admin=True)["entries"][0].keys()


@pytest.mark.parametrize("policy", ["none", "validation"])
def test_a_hidden_score_is_nowhere_in_what_the_expert_gets(store: Store, policy: str) -> None:
    attempt_id = add_attempt(store, upto="started", score_policy=policy)
    write_score(store, attempt_id, index=0, kind="starting")
    for index, outcome in enumerate((BETTER, VALID), start=1):
        write_score(store, attempt_id, outcome, index=index)
    view = seen(store, attempt_id)
    (listed,) = attempts_view(store, LATER, expert="anna")
    for secret in ("-1.25", "3.25", "1.62", "0.3000"):
        assert secret not in json.dumps(view)
        assert secret not in json.dumps(listed)
    assert not view["score_shown"]
    assert {entry["hidden"] for entry in view["entries"]} == {True}
    assert view["best"]["index"] == 2  # the last, not the best: which it is would tell


def test_a_hidden_score_is_shown_to_an_admin(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started", score_policy="none")
    write_score(store, attempt_id, BETTER)
    entry = seen(store, attempt_id, admin=True)["entries"][0]
    assert (entry["score"], entry["message"], entry["hidden"]) == (-1.25, "1.62 ms", False)


def test_why_a_solution_is_invalid_is_told_even_when_scores_are_hidden(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started", score_policy="none")
    write_score(store, attempt_id, INVALID)
    assert seen(store, attempt_id)["entries"][0]["message"] == "solution.py is missing."


def test_requests_are_listed_until_their_entry_is_there(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started")
    write_score(store, attempt_id, index=0)
    add_request(store, attempt_id, index=1)
    running = add_request(store, attempt_id, index=2, status="running")
    with store.write() as session:
        row = session.get_one(ScoreRequest, running)
        row.claimed_at, row.stage = NOON + timedelta(seconds=30), "timing"
    queued, scoring = seen(store, attempt_id)["requests"]
    assert (queued["index"], queued["status"], queued["elapsed_seconds"]) == (1, "queued", 40)
    assert (scoring["index"], scoring["stage"], scoring["elapsed_seconds"]) == (2, "timing", 10)
    assert scoring["expected_seconds"] == 1.5


def add_server(store: Store, attempt_id: int) -> None:
    with store.write() as session:
        session.add(Server(attempt_id=attempt_id, process={}, port=1, started_at=NOON))


def test_jupyterlab_is_linked_only_while_it_answers(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started")
    assert seen(store, attempt_id)["url"] is None
    add_server(store, attempt_id)
    assert seen(store, attempt_id)["url"] == f"/user/anna/a{attempt_id}/lab"
    add_event(store, attempt_id, "paused", NOON)
    assert seen(store, attempt_id)["url"] is None
    add_event(store, attempt_id, "resumed", NOON)
    with store.write() as session:
        session.get_one(Server, attempt_id).stopped_at = NOON
    assert seen(store, attempt_id)["url"] is None


def test_a_failed_preparation_is_the_problem_until_the_next_one(store: Store) -> None:
    attempt_id = add_attempt(store, upto="preparing")
    add_event(store, attempt_id, "prepare_failed", NOON, reason="no GPU")
    assert seen(store, attempt_id)["problem"] == "no GPU"
    add_event(store, attempt_id, "preparing", NOON)
    assert seen(store, attempt_id)["problem"] is None


def test_an_attempt_stays_readable_without_its_environments_folder(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started", environment="gone")
    write_score(store, attempt_id)
    view = seen(store, attempt_id)
    assert (view["title"], view["best"]) == ("gone", None)
    assert view["entries"][0]["score"] == 0.1 + 0.2


def test_an_unknown_attempt_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        attempt_view(store, 1, NOON, for_admin=True)


def test_the_list_holds_one_experts_or_all_attempts_newest_first(store: Store) -> None:
    numbers = [add_attempt(store, expert=name) for name in ("anna", "ben", "anna")]
    assert [view["id"] for view in attempts_view(store, NOON, expert="anna")] == [
        numbers[2], numbers[0],
    ]  # fmt: skip
    every = attempts_view(store, NOON, for_admin=True)
    assert [view["id"] for view in every] == numbers[::-1]


def test_the_list_and_the_single_view_say_the_same(store: Store) -> None:
    attempt_id = add_attempt(store, upto="started")
    write_score(store, attempt_id)
    view = seen(store, attempt_id)
    (listed,) = attempts_view(store, LATER, expert="anna")
    assert listed == {key: view[key] for key in listed}
    assert view.keys() - listed.keys() == {"requests", "entries"}
