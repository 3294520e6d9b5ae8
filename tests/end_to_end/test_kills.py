"""SIGKILL for each part, once, with a score in flight: nothing is lost and the clock is right."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Iterator

import httpx
import pytest

from tests.end_to_end.portal import RunningPortal, Session, session, wait_for

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def cleo(portal: RunningPortal) -> Iterator[Session]:
    with session(portal, "cleo", "optimize_kernel") as running:
        running.server.run("kept = 'still here'")
        yield running


def answers(session: Session) -> bool:
    """The portal's pages, the Hub behind its login, and the notebook behind the proxy."""
    try:
        pages = session.client.get(f"/services/portal/api/attempts/{session.attempt}")
        hub = session.client.get("/hub/api/")
        lab = session.client.get(f"{session.server.path}api")
    except httpx.HTTPError:
        return False
    return all(answer.status_code == 200 for answer in (pages, hub, lab))


@pytest.mark.parametrize("part", ["hub", "service", "worker", "proxy", "watchdog"])
def test_after_a_kill_the_score_ends_valid_and_the_kernel_lives(cleo: Session, part: str) -> None:
    portal, attempt = cleo.portal, cleo.attempt
    inner = portal.server(attempt).process["inner"]
    asked = portal.act(cleo.client, attempt, "scores", nonce=f"kill-{part}")
    assert asked.status_code == 202, asked.text
    index = asked.json()["requests"][-1]["index"]  # open, so the kill hits it in flight
    old = portal.program_pids(part)
    portal.kill(part)
    wait_for(lambda: set(portal.program_pids(part)) - set(old), 60, f"{part} is back")
    wait_for(lambda: answers(cleo), 60, "everything answers again")
    entry = portal.entry(cleo.client, attempt, index)
    assert entry["status"] == "valid", entry
    assert portal.server(attempt).process["inner"] == inner
    assert "still here" in cleo.server.run("print(kept)")


def test_the_clock_is_right_to_the_second_after_all_that(cleo: Session) -> None:
    view = cleo.portal.view(cleo.client, cleo.attempt)
    started = dt.datetime.fromisoformat(view["started_at"])
    server_time = dt.datetime.fromisoformat(view["server_time"])
    assert abs((server_time - started).total_seconds() - view["working_seconds"]) < 1
    now = dt.datetime.now(dt.UTC)
    assert abs((now - server_time).total_seconds()) < 2
    assert abs(view["budget_seconds"] - view["working_seconds"] - view["remaining_seconds"]) < 1


def test_each_request_has_one_entry_and_the_log_verifies(cleo: Session) -> None:
    entries = cleo.portal.view(cleo.client, cleo.attempt)["entries"]
    indices = [entry["index"] for entry in entries]
    assert indices == sorted(set(indices))
    assert cleo.portal.command("verify").returncode == 0


def test_up_repairs_what_died_together_with_its_supervisor(cleo: Session) -> None:
    """The supervisor and the Hub at once: `portal up` takes over what still runs."""
    portal = cleo.portal
    portal.kill("hub")
    supervisor = int((portal.settings.run_folder / "supervisord.pid").read_text())
    os.kill(supervisor, signal.SIGKILL)
    portal.command("up")
    wait_for(lambda: answers(cleo), 60, "everything answers again")
    assert "still here" in cleo.server.run("print(kept)")
