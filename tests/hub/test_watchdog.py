"""The watchdog ends what is past its limit alone, and survives being killed while it does."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.attempts import State
from hub.gpus import Gpu
from hub.store.leases import lease
from hub.watchdog import PART, Watchdog, watch, watched
from tests.hub import enforcer_program
from tests.hub.local_portal import LocalPortal


def eventually(condition: Callable[[], bool], seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def look(portal: LocalPortal, times: int = 3) -> None:
    watchdog = Watchdog(portal.settings, portal.store, portal.lifecycle, portal.now)
    for _ in range(times):
        watchdog.look()
    watchdog.close()


def test_the_watchdog_alone_ends_an_attempt_at_its_limit(portal: LocalPortal) -> None:
    attempt_id = portal.running(budget_seconds=60)
    limit = portal.now() + timedelta(seconds=60)
    portal.now.by(75)
    stop = threading.Event()
    watching = threading.Thread(
        target=watch, args=(portal.settings, portal.store, stop),
        kwargs={"lifecycle": portal.lifecycle, "now": portal.now},
    )  # fmt: skip
    watching.start()
    try:
        assert eventually(lambda: len(portal.requests(attempt_id)) == 2)
        assert eventually(lambda: not portal.servers.alive(attempt_id))
        portal.score()
        assert eventually(lambda: portal.state(attempt_id) is State.FINISHED)
    finally:
        stop.set()
        watching.join()
    assert portal.progress(attempt_id).ended_at == limit
    assert portal.heard(PART) == portal.now()


def test_it_leaves_preparing_to_the_service(portal: LocalPortal) -> None:
    attempt_id = portal.assign()
    portal.lifecycle.prepare(attempt_id, "anna")
    assert watched(portal.store) == []


def test_it_stops_the_server_of_an_attempt_that_is_over(portal: LocalPortal) -> None:
    attempt_id = portal.ready()
    portal.lifecycle.end(attempt_id, "root", "not needed")
    look(portal)
    assert portal.state(attempt_id) is State.FINISHED
    portal.servers.start(attempt_id)  # a start that was still pending at the Hub
    assert watched(portal.store) == [attempt_id]
    look(portal, 1)
    assert not portal.servers.alive(attempt_id)
    assert watched(portal.store) == []


def test_one_attempt_in_trouble_does_not_keep_another_from_ending(portal: LocalPortal) -> None:
    troubled, fine = portal.running("anna", 60), portal.running("bert", 60)
    (portal.folder(troubled) / ".turn").unlink(missing_ok=True)
    (portal.folder(troubled) / ".turn").mkdir()
    portal.now.by(60)
    look(portal)
    portal.score()
    look(portal)
    assert portal.state(fine) is State.FINISHED
    assert portal.state(troubled) is State.ENDING
    assert not portal.servers.alive(troubled)  # the limit holds also without the copy


def test_gpus_of_attempts_that_are_over_are_freed(portal: LocalPortal) -> None:
    attempt_id = portal.assign()
    lease(portal.store, attempt_id, 1, [Gpu("GPU-1", 0, "H", 1, 0)])
    watchdog = Watchdog(portal.settings, portal.store, portal.lifecycle, portal.now)
    portal.now.by(11)
    watchdog.look()
    watchdog.close()
    other = portal.assign("bert")
    assert lease(portal.store, other, 1, [Gpu("GPU-1", 0, "H", 1, 0)])


@pytest.mark.slow
def test_enforcers_killed_at_any_moment_end_every_attempt_exactly_once(
    portal: LocalPortal,
) -> None:
    attempts = [portal.running(f"expert-{number}", 60) for number in range(4)]
    for attempt_id in attempts:
        portal.lifecycle.request_score(attempt_id, "n", "x")
    portal.now.by(60)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.hub.enforcer_program"])
    settings = portal.settings.model_copy(update={"tick_seconds": 0.01})
    for patience in range(1, 100):  # killed early at first, then later and later
        pair = [
            context.Process(target=enforcer_program.run, args=(settings, portal.now()), daemon=True)
            for _ in range(2)
        ]
        for process in pair:
            process.start()
        time.sleep(random.uniform(0.1, 0.1 + 0.05 * patience))
        for process in pair:
            process.kill()
            process.join()
            process.close()
        portal.score()
        if all(portal.state(attempt_id) is State.FINISHED for attempt_id in attempts):
            break
    for attempt_id in attempts:
        events = [event.kind for event in portal.events(attempt_id)]
        assert events[-2:] == ["ending", "finished"]
        assert events.count("ending") == 1
        assert [entry.kind for entry in portal.entries(attempt_id)] == [
            "starting", "requested", "final",
        ]  # fmt: skip
        assert not portal.servers.alive(attempt_id)
