"""A pause stands still and is survived by everything, a killed Hub included."""

from __future__ import annotations

import time

import pytest

from tests.end_to_end.portal import RunningPortal, wait_for

pytestmark = pytest.mark.hub
COUNT = (
    "import threading, time\n"
    "steps = 0\n"
    "def loop():\n"
    "    global steps\n"
    "    while True:\n"
    "        steps += 1\n"
    "        time.sleep(0.01)\n"
    "threading.Thread(target=loop, daemon=True).start()"
)


def test_a_paused_attempt_stands_still_and_goes_on_after_a_hub_restart(
    portal: RunningPortal,
) -> None:
    portal.add("jan")
    attempt = portal.assign("jan", "optimize_kernel")
    with portal.client("jan") as client:
        server = portal.started(client, attempt)
        server.run(COUNT)
        first = int(server.run("print(steps)"))
        assert int(server.run("print(steps)")) > first
        portal.act(client, attempt, "pause", reason="lunch").raise_for_status()
        row = wait_for(lambda: portal.server(attempt).frozen_at, 10, "everything is frozen")
        assert row is not None
        refused = portal.act(client, attempt, "scores", nonce="while-paused")
        assert refused.status_code == 409
        assert "pause" in refused.json()["error"]["message"].lower()
        paused = client.get(f"{server.path}api")
        assert paused.status_code == 423
        assert "Resume" in paused.text

        view = portal.view(client, attempt)
        portal.kill("hub")
        wait_for(lambda: client.get("/hub/api/").status_code == 200, 60, "the Hub is back")
        time.sleep(2)
        assert portal.view(client, attempt)["working_seconds"] == view["working_seconds"]

        portal.act(client, attempt, "resume").raise_for_status()
        wait_for(lambda: client.get(f"{server.path}api").status_code == 200, 30, "Lab answers")
        after = int(server.run("print(steps)"))
        assert int(server.run("print(steps)")) > after
        portal.act(client, attempt, "give_up", reason="end of the test")
        portal.wait_for_state(client, attempt, "finished")
