"""From assigned to finished, with everything that may go wrong on the way."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from environments.outcomes import Outcome
from hub.attempts import Ending, State
from hub.errors import BadInput, NotFound, Refused, TimeIsUp
from hub.store.models import Server
from tests.hub.local_portal import ENVIRONMENT, PROFILE, LocalPortal
from tests.hub.records import add_expert


def stands_still(portal: LocalPortal, attempt_id: int) -> bool:
    before = portal.count(attempt_id)
    time.sleep(0.05)
    return portal.count(attempt_id) == before


def moves(portal: LocalPortal, attempt_id: int) -> bool:
    """Waits for the first step: the machine may be busy."""
    before, until = portal.count(attempt_id), time.monotonic() + 10
    while portal.count(attempt_id) == before and time.monotonic() < until:
        time.sleep(0.005)
    return portal.count(attempt_id) != before


def kinds(portal: LocalPortal, attempt_id: int) -> list[str]:
    return [event.kind for event in portal.events(attempt_id)]


def test_an_attempt_goes_from_assigned_to_finished(portal: LocalPortal) -> None:
    attempt_id = portal.running()
    portal.now.by(10)
    portal.lifecycle.request_score(attempt_id, "first", "anna")
    portal.score()
    portal.now.by(10)
    portal.lifecycle.submit(attempt_id, "anna")
    portal.now.by(1)
    portal.look(attempt_id)
    portal.score()
    portal.look(attempt_id)
    assert kinds(portal, attempt_id) == [
        "assigned", "preparing", "ready", "started", "ending", "finished",
    ]  # fmt: skip
    entries = portal.entries(attempt_id)
    assert [entry.kind for entry in entries] == ["starting", "requested", "final"]
    assert [entry.working_seconds for entry in entries] == [0.0, 10.0, 20.0]
    assert entries[0].normalized_score == 0.0
    assert not portal.servers.alive(attempt_id)


def test_assigning_refuses_what_does_not_exist(portal: LocalPortal) -> None:
    add_expert(portal.store)
    add_expert(portal.store, "boss", role="admin")
    with pytest.raises(NotFound, match="no expert 'nobody'"):
        portal.lifecycle.assign("nobody", ENVIRONMENT, PROFILE, 10, "root")
    with pytest.raises(BadInput, match="is an admin"):
        portal.lifecycle.assign("boss", ENVIRONMENT, PROFILE, 10, "root")
    with pytest.raises(NotFound, match="no environment 'chess'"):
        portal.lifecycle.assign("anna", "chess", PROFILE, 10, "root")
    with pytest.raises(BadInput, match="no profile 'huge'"):
        portal.lifecycle.assign("anna", ENVIRONMENT, "huge", 10, "root")
    with pytest.raises(BadInput, match="budget of -1"):
        portal.lifecycle.assign("anna", ENVIRONMENT, PROFILE, -1, "root")
    with pytest.raises(NotFound, match="no attempt 999"):
        portal.lifecycle.prepare(999, "anna")


def test_a_second_attempt_is_refused_while_one_is_active(portal: LocalPortal) -> None:
    first, second = portal.running(), portal.assign()
    with pytest.raises(Refused, match=f"already has attempt {first} .* running"):
        portal.lifecycle.prepare(second, "anna")
    assert portal.state(second) is State.ASSIGNED


def test_preparing_names_the_command_that_is_missing(portal: LocalPortal) -> None:
    assets = portal.settings.assets_folder(ENVIRONMENT, PROFILE)
    attempt_id = portal.assign()
    (assets / "calibration.json").unlink()
    with pytest.raises(Refused) as refused:
        portal.lifecycle.prepare(attempt_id, "anna")
    assert f"portal calibrate {ENVIRONMENT}" in refused.value.hint
    (assets / "prepared.json").unlink()
    with pytest.raises(Refused) as refused:
        portal.lifecycle.prepare(attempt_id, "anna")
    assert f"portal prepare {ENVIRONMENT}" in refused.value.hint


def test_it_is_ready_only_when_the_starting_solution_is_scored(portal: LocalPortal) -> None:
    attempt_id = portal.assign()
    portal.lifecycle.prepare(attempt_id, "anna")
    portal.lifecycle.prepare(attempt_id, "anna")
    portal.look(attempt_id, 3)
    assert portal.state(attempt_id) is State.PREPARING
    portal.score()
    portal.look(attempt_id, 1)
    assert portal.state(attempt_id) is State.READY
    assert stands_still(portal, attempt_id)


def test_a_bad_starting_solution_sends_it_back_and_a_new_try_scores_anew(
    portal: LocalPortal,
) -> None:
    attempt_id = portal.assign()
    portal.lifecycle.prepare(attempt_id, "anna")
    portal.look(attempt_id)
    portal.score(Outcome("failed", None, None, "no memory", 1.0))
    portal.look(attempt_id)
    assert portal.state(attempt_id) is State.ASSIGNED
    assert "no memory" in (portal.progress(attempt_id).problem or "")
    assert not portal.servers.alive(attempt_id)
    portal.now.by(1)
    portal.lifecycle.prepare(attempt_id, "anna")
    portal.look(attempt_id)
    portal.score()
    portal.look(attempt_id)
    assert portal.state(attempt_id) is State.READY
    assert [row.kind for row in portal.requests(attempt_id)] == ["starting", "starting"]


def test_a_server_that_never_answers_ends_the_preparation(portal: LocalPortal) -> None:
    portal.servers.starts = False
    attempt_id = portal.assign()
    portal.lifecycle.prepare(attempt_id, "anna")
    portal.look(attempt_id)
    portal.score()
    portal.now.by(121)
    portal.look(attempt_id)
    assert portal.state(attempt_id) is State.ASSIGNED
    assert "120 seconds" in (portal.progress(attempt_id).problem or "")


def test_files_are_delivered_at_the_start_and_not_before(portal: LocalPortal) -> None:
    attempt_id = portal.ready()
    folder = portal.folder(attempt_id)
    assert list((folder / "environment").iterdir()) == []
    assert not (folder / "workspace" / "solution").exists()
    portal.lifecycle.start(attempt_id, "anna")
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found >= {
        "environment/instructions.md", "environment/scorer.py", "environment/assets/data.txt",
        "workspace/instructions.md", "workspace/start_here.ipynb", "workspace/solution/solution.py",
    }  # fmt: skip
    assert not any("secret" in name or ".delivery" in name for name in found)
    assert (folder / "environment" / "assets" / "data.txt").stat().st_mode & 0o777 == 0o444
    assert moves(portal, attempt_id)


def test_a_start_whose_delivery_fails_does_not_start_the_clock(portal: LocalPortal) -> None:
    attempt_id = portal.ready()
    public = portal.settings.assets_folder(ENVIRONMENT, PROFILE) / "public"
    public.rename(public.with_name("away"))
    with pytest.raises(FileNotFoundError):
        portal.lifecycle.start(attempt_id, "anna")
    assert portal.state(attempt_id) is State.READY
    public.with_name("away").rename(public)
    portal.lifecycle.start(attempt_id, "anna")
    assert portal.state(attempt_id) is State.RUNNING


def test_a_start_without_a_server_is_refused_and_prepares_again(portal: LocalPortal) -> None:
    attempt_id = portal.ready()
    portal.servers.started[-1].kill()
    with pytest.raises(Refused, match="clock was not started"):
        portal.lifecycle.start(attempt_id, "anna")
    assert portal.state(attempt_id) is State.PREPARING
    portal.look(attempt_id, 3)
    assert portal.state(attempt_id) is State.READY
    assert len(portal.requests(attempt_id)) == 1
    portal.lifecycle.start(attempt_id, "anna")
    assert portal.state(attempt_id) is State.RUNNING


def test_a_second_start_is_refused_and_keeps_the_experts_work(portal: LocalPortal) -> None:
    attempt_id = portal.running()
    solution = portal.folder(attempt_id) / "workspace" / "solution" / "solution.py"
    solution.write_text("mine")
    with pytest.raises(Refused):
        portal.lifecycle.start(attempt_id, "anna")
    assert solution.read_text() == "mine"


def test_at_the_limit_scores_are_refused_and_the_final_one_is_dated_exactly(
    portal: LocalPortal,
) -> None:
    attempt_id = portal.running(budget_seconds=60)
    started = portal.now()
    portal.now.by(59.999)
    portal.lifecycle.request_score(attempt_id, "just-in-time", "anna")
    portal.now.by(0.001)
    with pytest.raises(TimeIsUp):
        portal.lifecycle.request_score(attempt_id, "late", "anna")
    with pytest.raises(TimeIsUp):
        portal.lifecycle.submit(attempt_id, "anna")
    portal.now.by(3600)  # nobody looked for an hour
    portal.look(attempt_id)
    assert not portal.servers.alive(attempt_id)
    portal.score()
    portal.look(attempt_id)
    progress = portal.progress(attempt_id)
    assert (progress.state, progress.ending) == (State.FINISHED, Ending.TIME_UP)
    assert progress.ended_at == started + timedelta(seconds=60)
    final = portal.entries(attempt_id)[-1]
    assert (final.kind, final.working_seconds) == ("final", 60.0)
    assert final.requested_at == progress.ended_at


def test_the_same_nonce_is_the_same_request_even_after_the_end(portal: LocalPortal) -> None:
    attempt_id = portal.running(budget_seconds=60)
    first = portal.lifecycle.request_score(attempt_id, "n", "anna")
    portal.now.by(61)
    assert portal.lifecycle.request_score(attempt_id, "n", "anna").id == first.id


@pytest.mark.parametrize("nonce", ["final", "starting-0", "", "a b", "x" * 65, "ü"])
def test_nonces_that_are_ours_or_unusable_are_refused(portal: LocalPortal, nonce: str) -> None:
    attempt_id = portal.running()
    with pytest.raises(BadInput):
        portal.lifecycle.request_score(attempt_id, nonce, "anna")


def test_a_fourth_waiting_score_is_refused(portal: LocalPortal) -> None:
    attempt_id = portal.running()
    for nonce in "abc":
        portal.lifecycle.request_score(attempt_id, nonce, "anna")
    with pytest.raises(Refused, match="3 of your scores"):
        portal.lifecycle.request_score(attempt_id, "d", "anna")
    portal.score()
    portal.lifecycle.request_score(attempt_id, "d", "anna")


def test_a_score_scores_what_was_there_when_it_was_asked(portal: LocalPortal) -> None:
    attempt_id = portal.running()
    solution = portal.folder(attempt_id) / "workspace" / "solution" / "solution.py"
    hashes = set()
    for text in ("one", "two", "one"):
        solution.write_text(text)
        hashes.add(portal.lifecycle.request_score(attempt_id, f"n{len(hashes)}", "anna").snapshot)
        portal.score()
    assert len(hashes) == 2
    assert moves(portal, attempt_id)


def test_a_planted_link_becomes_an_invalid_entry_with_its_name(portal: LocalPortal) -> None:
    attempt_id = portal.running()
    solution = portal.folder(attempt_id) / "workspace" / "solution"
    os.symlink("/etc/passwd", solution / "planted.py")
    row = portal.lifecycle.request_score(attempt_id, "n", "anna")
    assert row.snapshot is None
    portal.score()
    entry = portal.entries(attempt_id)[-1]
    assert entry.status == "invalid"
    assert "planted.py" in entry.message


def test_a_pause_freezes_refuses_scores_and_keeps_the_time(portal: LocalPortal) -> None:
    attempt_id = portal.running()
    portal.now.by(10)
    portal.lifecycle.pause(attempt_id, "anna", "expert", "lunch")
    portal.now.by(0.1)
    portal.look(attempt_id)
    assert moves(portal, attempt_id)  # the answer still passes through the server
    portal.now.by(0.9)
    portal.look(attempt_id)
    assert stands_still(portal, attempt_id)
    with pytest.raises(Refused, match="paused"):
        portal.lifecycle.request_score(attempt_id, "n", "anna")
    portal.now.by(3600)
    portal.lifecycle.resume(attempt_id, "anna")
    portal.look(attempt_id)
    assert moves(portal, attempt_id)
    assert portal.progress(attempt_id).working_seconds(portal.now()) == 10.0


def test_a_server_that_ends_by_itself_is_started_again_and_that_is_noted(
    portal: LocalPortal,
) -> None:
    attempt_id = portal.running()
    file = portal.folder(attempt_id) / "workspace" / "notes.txt"
    file.write_text("kept")
    portal.servers.started[-1].kill()
    portal.look(attempt_id, 3)
    assert portal.servers.alive(attempt_id)
    assert kinds(portal, attempt_id).count("noted") == 1
    assert file.read_text() == "kept"
    portal.now.by(200)
    portal.servers.started[-1].kill()
    portal.look(attempt_id)
    assert not portal.servers.alive(attempt_id)  # the limit has passed


def test_a_server_left_frozen_by_a_crash_is_thawed(portal: LocalPortal) -> None:
    attempt_id = portal.running()
    portal.now.by(1)
    portal.servers.freeze(attempt_id)  # … and the service was killed
    portal.look(attempt_id)
    assert stands_still(portal, attempt_id)  # it might be a copy under way
    portal.now.by(11)
    portal.look(attempt_id)
    assert moves(portal, attempt_id)


def test_a_resume_cut_off_by_a_crash_is_carried_out(portal: LocalPortal) -> None:
    attempt_id = portal.running()
    portal.lifecycle.pause(attempt_id, "anna", "expert", "")
    portal.now.by(1)
    portal.look(attempt_id)
    portal.now.by(5)
    portal.servers.thaw = lambda attempt_id: None  # type: ignore[method-assign]
    portal.lifecycle.resume(attempt_id, "anna")
    del portal.servers.thaw  # type: ignore[method-assign]
    assert stands_still(portal, attempt_id)
    portal.look(attempt_id)
    assert moves(portal, attempt_id)


def test_a_pause_that_another_process_only_marked_is_carried_out(portal: LocalPortal) -> None:
    attempt_id = portal.running()
    portal.lifecycle.pause(attempt_id, "anna", "expert", "")
    portal.now.by(1)
    with portal.store.write() as session:  # killed between the mark and the freezing
        session.execute(update(Server).values(frozen_at=portal.now()))
    portal.look(attempt_id)
    assert stands_still(portal, attempt_id)


def test_a_request_whose_copy_was_lost_in_a_crash_is_completed(portal: LocalPortal) -> None:
    from hub import score_requests

    attempt_id = portal.running()
    score_requests.accept(portal.lifecycle._means, attempt_id, "n")  # … and killed
    portal.look(attempt_id)
    assert portal.requests(attempt_id)[-1].snapshot is None
    portal.now.by(6)
    portal.look(attempt_id)
    assert portal.requests(attempt_id)[-1].snapshot is not None


def test_a_failed_scoring_gives_its_time_back_once(portal: LocalPortal) -> None:
    attempt_id = portal.running(budget_seconds=60)
    row = portal.lifecycle.request_score(attempt_id, "n", "anna")
    portal.now.by(12)
    portal.score(Outcome("failed", None, None, "ours", 12.0))
    progress = portal.progress(attempt_id)
    assert progress.extension_seconds == 12.0
    assert portal.events(attempt_id)[-1].data["request"] == row.id
    assert progress.remaining_seconds(portal.now()) == 60.0


def test_a_limit_during_a_pause_does_not_end_the_attempt(portal: LocalPortal) -> None:
    attempt_id = portal.running(budget_seconds=60)
    portal.lifecycle.pause(attempt_id, "root", "admin", "fire alarm")
    portal.now.by(3600)
    portal.look(attempt_id)
    assert portal.state(attempt_id) is State.PAUSED
    portal.lifecycle.end(attempt_id, "root", "went home")
    portal.look(attempt_id)
    portal.score()
    portal.look(attempt_id)
    assert portal.state(attempt_id) is State.FINISHED
    assert portal.entries(attempt_id)[-1].kind == "final"


def test_an_end_before_the_start_needs_no_final_score(portal: LocalPortal) -> None:
    attempt_id = portal.ready()
    portal.lifecycle.end(attempt_id, "root", "not needed")
    portal.look(attempt_id)
    assert portal.state(attempt_id) is State.FINISHED
    assert [entry.kind for entry in portal.entries(attempt_id)] == ["starting"]
    assert not portal.servers.alive(attempt_id)


def test_giving_up_ending_extending_and_excluding_need_a_reason(portal: LocalPortal) -> None:
    attempt_id, life = portal.running(), portal.lifecycle
    for act in (
        lambda: life.give_up(attempt_id, "anna", " "),
        lambda: life.end(attempt_id, "root", ""),
        lambda: life.extend(attempt_id, 60, "root", ""),
        lambda: life.review(attempt_id, "root", "excluded", ""),
    ):
        with pytest.raises(BadInput, match="reason"):
            act()
    assert portal.state(attempt_id) is State.RUNNING


def test_two_enforcers_at_the_same_moment_end_it_once(portal: LocalPortal) -> None:
    attempt_id = portal.running(budget_seconds=60)
    portal.now.by(60)
    start = threading.Barrier(4)

    def enforce() -> None:
        start.wait()
        portal.look(attempt_id)

    threads = [threading.Thread(target=enforce) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    portal.score()
    portal.look(attempt_id)
    assert kinds(portal, attempt_id)[-2:] == ["ending", "finished"]
    assert [entry.kind for entry in portal.entries(attempt_id)] == ["starting", "final"]


def test_a_server_of_a_closed_attempt_is_stopped(portal: LocalPortal) -> None:
    attempt_id = portal.assign()
    portal.servers.start(attempt_id)  # a start that was pending when the preparation failed
    portal.look(attempt_id)
    assert not portal.servers.alive(attempt_id)
