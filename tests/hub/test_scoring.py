"""The worker: every accepted request ends with exactly one entry, whatever happens to workers."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import select

from environments.launching import Launch
from environments.outcomes import Outcome
from hub import scoring_lease
from hub.clock import utcnow
from hub.score_log import verify_chain
from hub.scoring import Job, scoring_uid, work
from hub.settings import Settings
from hub.store import Store, requests
from hub.store.models import AttemptEvent, ScoreEntry, ScoreRequest
from tests.hub import worker_program
from tests.hub.records import add_attempt, add_request

VALID = Outcome("valid", 2.5, None, "fine", 0.5)
Score = Callable[[Settings, Job], Outcome]


@contextmanager
def working(settings: Settings, store: Store, score: Score | None = None, name: str = "worker_00"):
    """A worker in a thread; stopped at the end."""
    stop = threading.Event()
    thread = threading.Thread(
        target=work, args=(settings, store, name, stop), kwargs={"score": score}
    )
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def entries(store: Store) -> list[ScoreEntry]:
    with store.read() as session:
        return list(session.scalars(select(ScoreEntry).order_by(ScoreEntry.sequence)))


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.02)


def queue(store: Store, attempt_id: int, index: int = 0, **fields: object) -> int:
    values = {"requested_at": utcnow(), "snapshot": "0" * 64, **fields}
    return add_request(store, attempt_id, index=index, **values)


def row(store: Store, request_id: int) -> ScoreRequest:
    with store.read() as session:
        return session.get_one(ScoreRequest, request_id)


@pytest.fixture
def plain(settings: Settings) -> Settings:
    return settings.model_copy(update={"isolation": "none", "lease_seconds": 3.0})


def test_a_request_gets_its_entry_with_the_scale_of_its_attempt(
    plain: Settings, store: Store
) -> None:
    attempt_id = add_attempt(store, upto="started", starting_score=3.0, reference_score=2.0)
    request_id = queue(store, attempt_id)
    with working(plain, store, lambda settings, job: VALID):
        wait_for(lambda: entries(store))
    entry = entries(store)[0]
    assert (entry.request_id, entry.status, entry.normalized_score) == (request_id, "valid", 0.5)
    assert (entry.worker, row(store, request_id).status) == ("worker_00", "done")
    assert entry.hardware["cores"] >= 1


def test_a_refused_snapshot_is_an_invalid_entry_without_scoring(
    plain: Settings, store: Store
) -> None:
    queue(store, add_attempt(store), snapshot=None, refusal="solution/x is a link.")
    with working(plain, store, lambda settings, job: pytest.fail("scored")):
        wait_for(lambda: entries(store))
    assert (entries(store)[0].status, entries(store)[0].message) == (
        "invalid", "solution/x is a link.",
    )  # fmt: skip


def test_a_missing_snapshot_is_our_fault_and_the_next_request_is_scored(
    plain: Settings, store: Store
) -> None:
    attempt_id = add_attempt(store)
    queue(store, attempt_id)
    queue(store, attempt_id, 1, snapshot=None, refusal="refused")
    with working(plain, store):
        wait_for(lambda: len(entries(store)) == 2)
    assert [entry.status for entry in entries(store)] == ["failed", "invalid"]
    assert "our fault" in entries(store)[0].message


def test_a_failed_scoring_extends_only_what_is_under_the_clock(
    plain: Settings, store: Store
) -> None:
    running = add_attempt(store, upto="started", budget_seconds=1e9)
    queue(store, running)
    queue(store, running, 1, kind="final")
    failed = Outcome("failed", None, None, "ours", 7.5)
    with working(plain, store, lambda settings, job: failed):
        wait_for(lambda: len(entries(store)) == 2)
    with store.read() as session:
        query = select(AttemptEvent).where(AttemptEvent.kind == "extended")
        extended = list(session.scalars(query))
    assert [(event.attempt_id, event.data["seconds"]) for event in extended] == [(running, 7.5)]


def test_attempts_are_served_in_turn(plain: Settings, store: Store) -> None:
    greedy, modest = add_attempt(store), add_attempt(store, expert="bert")
    for index in range(3):
        queue(store, greedy, index)
    queue(store, modest)
    with working(plain, store, lambda settings, job: VALID):
        wait_for(lambda: len(entries(store)) == 4)
    assert [entry.attempt_id for entry in entries(store)] == [greedy, modest, greedy, greedy]


def test_a_request_taken_three_times_without_an_end_fails(plain: Settings, store: Store) -> None:
    request_id = queue(store, add_attempt(store))
    for number in range(3):
        taken = requests.claim(store, f"dead-{number}", utcnow(), lease_seconds=-1)
        assert taken is not None
    with working(plain, store, lambda settings, job: pytest.fail("scored")):
        wait_for(lambda: entries(store))
    assert row(store, request_id).claims == 4
    assert (entries(store)[0].status, "three times" in entries(store)[0].message) == (
        "failed",
        True,
    )


def test_a_worker_that_was_silent_too_long_cannot_write(plain: Settings, store: Store) -> None:
    from hub.scoring_record import record
    from tests.hub.local_portal import SCORER

    queue(store, add_attempt(store))
    first = requests.claim(store, "slow", utcnow(), 3)
    second = requests.claim(store, "slow", utcnow(), -1)  # the same name, after a restart
    assert first is not None
    assert second is not None
    assert not requests.heartbeat(store, first, utcnow())
    assert not record(store, first, VALID, SCORER, utcnow())
    assert record(store, second, VALID, SCORER, utcnow())
    assert not record(store, second, VALID, SCORER, utcnow())
    assert len(entries(store)) == 1


def test_a_living_worker_keeps_a_long_scoring(plain: Settings, store: Store) -> None:
    request_id = queue(store, add_attempt(store))

    def long(settings: Settings, job: Job) -> Outcome:
        job.progress("timing")
        time.sleep(2.5)
        return VALID

    with working(plain, store, long), working(plain, store, long, "worker_01"):
        wait_for(lambda: row(store, request_id).stage == "timing")
        wait_for(lambda: entries(store))
    assert row(store, request_id).claims == 1


# The launcher leaves its pipe to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stopped_worker_gives_back_what_it_cannot_finish_and_ends_its_processes(
    plain: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_lease, "GRACE_SECONDS", 0.1)
    request_id, started = queue(store, add_attempt(store)), threading.Event()
    plain = plain.model_copy(update={"expert_environment": Path(sys.prefix)})

    def endless(settings: Settings, job: Job) -> Outcome:
        process = job.launch(Launch(["-c", "import time; time.sleep(600)"], {}))
        started.set()
        process.wait(60)
        return VALID

    with working(plain, store, endless) as stop:
        started.wait(30)
        stop.set()
    assert (row(store, request_id).status, row(store, request_id).claims) == ("queued", 0)
    assert entries(store) == []


def test_no_files_are_left_by_living_or_dead_workers(plain: Settings, store: Store) -> None:
    base = plain.run_folder / "scoring"
    (base / "dead").mkdir(parents=True)
    (base / "dead" / "file").write_text("x")
    queue(store, add_attempt(store))
    with working(plain, store, worker_program.score):
        wait_for(lambda: entries(store))
        assert not (base / "dead").exists()
    assert list(base.iterdir()) == []


def test_uids_of_scorings_are_never_those_of_attempts(settings: Settings) -> None:
    for request_id in (1, 89_999, 90_000, 10**9):
        assert settings.first_uid + 100_000 <= scoring_uid(settings, request_id)
        assert scoring_uid(settings, request_id) < settings.first_uid + 200_000


class Crew:
    """Worker processes that are killed and replaced."""

    def __init__(self, settings: Settings, size: int) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.hub.worker_program"])
        self._settings = settings
        self.members = [self._hire(number) for number in range(size)]
        self.killed = 0

    def _hire(self, number: int) -> BaseProcess:
        target, name = worker_program.run, f"worker_{number:02}"
        process = self._context.Process(target=target, args=(self._settings, name), daemon=True)
        process.start()
        return process

    def kill_one(self) -> None:
        number = random.randrange(len(self.members))
        self.dismiss(number)
        self.members[number] = self._hire(number)
        self.killed += 1

    def dismiss(self, number: int) -> None:
        self.members[number].kill()
        self.members[number].join()
        self.members[number].close()


@contextmanager
def crew(settings: Settings, size: int):
    crew = Crew(settings, size)
    try:
        yield crew
    finally:
        for number in range(size):
            crew.dismiss(number)


@pytest.mark.slow
def test_every_request_ends_with_exactly_one_entry_while_workers_are_killed(
    plain: Settings, store: Store
) -> None:
    count = int(os.environ.get("PORTAL_TEST_SCORINGS", "30"))
    attempts = [add_attempt(store, expert=f"expert-{number}") for number in range(3)]
    wanted = {queue(store, attempts[index % 3], index // 3) for index in range(count)}
    until = time.monotonic() + 60 + 2 * count
    with crew(plain, 2) as workers:
        while len(entries(store)) < count and time.monotonic() < until:
            time.sleep(random.uniform(0.2, 1.5))
            workers.kill_one()
        assert workers.killed > 2
    found = entries(store)
    assert sorted(entry.request_id for entry in found) == sorted(wanted)
    assert {entry.status for entry in found} <= {"valid", "failed"}
    assert verify_chain(found) == []
    assert all(row(store, request_id).status == "done" for request_id in wanted)
