"""Open pages hear of changes, each person of their own."""

from __future__ import annotations

import json
import threading

import httpx

from hub.service.changes import Changes
from hub.store import Store
from hub.store.models import Heartbeat
from tests.hub.records import NOON, add_attempt, add_event, add_request, write_score
from tests.hub.service.conftest import Service, wait_for


def test_nothing_is_told_at_the_first_look(store: Store) -> None:
    add_attempt(store)
    assert Changes(store).look() == []


def test_events_requests_entries_and_new_attempts_are_changes(store: Store) -> None:
    attempt = add_attempt(store, upto="started")
    changes = Changes(store)
    changes.look()
    assert changes.look() == []
    add_event(store, attempt, "paused", NOON, reason="x")
    assert changes.look() == [(attempt, "anna")]
    add_request(store, attempt, index=1)
    assert changes.look() == [(attempt, "anna")]
    write_score(store, attempt, index=2)
    assert changes.look() == [(attempt, "anna")]
    other = add_attempt(store, expert="ben")
    assert changes.look() == [(other, "ben")]
    assert changes.look() == []


def test_an_expert_hears_of_their_own_attempts_only(ticking_service: Service, store: Store) -> None:
    mine = add_attempt(store, expert="anna", upto="started", budget_seconds=9000.0)
    other = add_attempt(store, expert="ben", upto="started", budget_seconds=9000.0)
    heard: list[int] = []
    client = ticking_service.program("anna")
    listener = threading.Thread(target=listen, args=(client, heard, 1))
    listener.start()
    wait_for(lambda: ticking_service.app.state.portal.changes._listeners)
    wait_for(lambda: ticking_service.app.state.portal.changes._seen)
    add_event(store, other, "paused", NOON, reason="x")
    add_event(store, mine, "paused", NOON, reason="x")
    listener.join(10)
    assert heard == [mine]


def test_the_service_leaves_a_sign_of_life(ticking_service: Service, store: Store) -> None:
    def beat() -> object:
        with store.read() as session:
            return session.get(Heartbeat, "service")

    wait_for(beat)


def test_one_broken_attempt_does_not_stop_the_others(
    ticking_service: Service, store: Store
) -> None:
    add_attempt(store, expert="anna", environment="gone", upto="started")
    good = add_attempt(store, expert="ben", upto="started")
    ticking_service.later(200)
    client = ticking_service.program("ben")
    wait_for(lambda: client.get(f"/api/attempts/{good}").json()["state"] != "running")


def listen(client: httpx.Client, heard: list[int], count: int) -> None:
    with client.stream("GET", "/api/events") as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                heard.append(json.loads(line.removeprefix("data:"))["id"])
            if len(heard) >= count:
                return
