"""The panel in a real JupyterLab, in a real browser."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.extensions.browser import Visitor
from tests.extensions.lab import Lab
from tests.extensions.portal_stub import PortalStub

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def visitor(browser: Browser, lab: Lab, stub: PortalStub) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    yield Visitor(context.new_page(), lab)
    context.close()


def seconds_shown(words: str) -> int:
    """Seconds of `7:42:10 left`."""
    found = re.match(r"(\d+):(\d\d):(\d\d) left$", words)
    assert found, words
    hours, minutes, seconds = map(int, found.groups())
    return hours * 3600 + minutes * 60 + seconds


def test_the_clock_runs_in_the_panel_and_in_the_status_bar(
    visitor: Visitor, stub: PortalStub
) -> None:
    visitor.open()
    expect(visitor.clock).to_have_text(re.compile(r"7:59:\d\d left"))
    expect(visitor.panel.locator(".portal-clock")).to_have_text(re.compile(r"7:59:\d\d left"))
    before, asked = visitor.clock.inner_text(), len(stub.calls)
    visitor.page.wait_for_timeout(2500)
    passed = seconds_shown(before) - seconds_shown(visitor.clock.inner_text())
    assert passed in (2, 3)
    assert len(stub.calls) == asked, "the countdown runs without asking"
    exact = stub.budget_seconds - stub.working_seconds
    assert seconds_shown(visitor.clock.inner_text()) == pytest.approx(exact, abs=1.5)
    assert visitor.problems == []


def test_minutes_only_is_remembered(visitor: Visitor) -> None:
    visitor.open()
    visitor.panel.get_by_label("minutes only").check()
    expect(visitor.clock).to_have_text("8\u2009h 00\u2009min left")
    visitor.page.reload()
    expect(visitor.clock).to_have_text("8\u2009h 00\u2009min left")


def test_a_score_needs_no_free_kernel_and_the_log_outlives_the_tab(
    visitor: Visitor, stub: PortalStub
) -> None:
    write_notebook(visitor.lab.home / "busy.ipynb", "import time\ntime.sleep(60)")
    visitor.open("lab/tree/busy.ipynb")
    wait_for_idle_kernel(visitor.lab)
    visitor.run_command("notebook:run-all-cells")
    visitor.page.get_by_text("[*]:").wait_for()
    pressed = time.monotonic()
    visitor.score_button.click()
    expect(visitor.panel.locator(".portal-progress")).to_contain_text("#1")
    expect(visitor.panel.get_by_text("Scoring #1. One at a time.")).to_be_visible()
    expect(visitor.row(1)).to_contain_text("1.62\u2009ms")
    assert time.monotonic() - pressed < 10
    expect(visitor.page.get_by_text("[*]:")).to_be_visible()
    expect(visitor.row(1)).to_contain_text("0.95")
    expect(visitor.panel.locator("[aria-live=polite]")).to_contain_text("Score 1: valid.")
    visitor.come_back("lab/tree/busy.ipynb")
    expect(visitor.panel.locator(".portal-log > li")).to_have_count(2)
    expect(visitor.panel.locator(".portal-log > li").first).to_contain_text("#1")
    stop_kernels(visitor)
    assert visitor.problems == []


def test_a_row_opens_by_keyboard_and_holds_full_precision(
    visitor: Visitor, stub: PortalStub
) -> None:
    stub.record(61.0, "invalid", None)
    stub.record(3725.0, "valid", 0.482197316)
    visitor.open()
    expect(visitor.panel.locator(".portal-log > li")).to_have_count(3)
    row = visitor.row(2)
    expect(row).to_contain_text("1:02:05")
    assert row.locator(".portal-value").get_attribute("title") == "score 0.482197316"
    row.locator("summary").focus()
    visitor.page.keyboard.press("Enter")
    expect(row.get_by_text("Median of 30 runs", exact=False)).to_be_visible()
    expect(row.get_by_text("0.482197316 ln(ms)")).to_be_visible()
    expect(row.get_by_text("0202020202020202", exact=True)).to_be_visible()
    expect(visitor.row(1).locator(".portal-chip")).to_have_text(re.compile("invalid"))


def test_copied_rows_carry_full_precision(visitor: Visitor, stub: PortalStub) -> None:
    stub.record(3725.0, "valid", 0.482197316)
    visitor.open()
    copied = visitor.page.evaluate(
        """() => {
          const list = document.querySelector(".portal-log");
          document.getSelection().selectAllChildren(list);
          const clipboardData = new DataTransfer();
          list.dispatchEvent(new ClipboardEvent("copy", { clipboardData, bubbles: true }));
          return clipboardData.getData("text/plain");
        }"""
    )
    assert copied.splitlines() == [
        "1\t1:02:05\tvalid\t0.482197316\t0.9506914721055789\t12 inputs, all correct.",
        "0\t0:00:00\tvalid\t2.067\t0\t12 inputs, all correct.",
    ]


def test_what_is_unsaved_is_saved_before_it_is_scored(visitor: Visitor, stub: PortalStub) -> None:
    solution = visitor.lab.home / "solution.py"
    solution.write_text("old\n")
    visitor.open("lab/tree/solution.py")
    visitor.page.locator(".jp-FileEditor .cm-content").click()
    visitor.page.keyboard.type("new ")
    visitor.score_button.click()
    expect(visitor.row(1)).to_be_visible()
    assert "new " in solution.read_text()
    posts = [call for call in stub.calls if call[1] == "/scores"]
    assert len(posts) == 1


def test_a_file_that_a_terminal_rewrote_is_scored_as_it_is(
    visitor: Visitor, stub: PortalStub
) -> None:
    solution = visitor.lab.home / "elsewhere.py"
    solution.write_text("old\n")
    visitor.open("lab/tree/elsewhere.py")
    visitor.page.wait_for_timeout(1000)
    solution.write_text("written by a terminal\n")
    visitor.score_button.click()
    expect(visitor.row(1)).to_be_visible()
    assert visitor.page.locator(".jp-Dialog").count() == 0
    assert solution.read_text() == "written by a terminal\n"


def test_a_lost_answer_is_asked_for_again_with_the_same_nonce(
    visitor: Visitor, stub: PortalStub
) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    visitor.page.route("**/portal/score*", lose_the_answer, times=1)
    visitor.open()
    visitor.score_button.click()
    expect(visitor.row(1)).to_be_visible()
    visitor.page.wait_for_timeout(1500)
    nonces = {call[3]["nonce"] for call in stub.calls if call[1] == "/scores"}
    assert len(nonces) == 1
    assert len(stub.scorings) == 2


def test_a_press_that_never_arrived_is_sent_after_the_tab_was_reloaded(
    visitor: Visitor, stub: PortalStub
) -> None:
    visitor.page.route("**/portal/score*", lambda route: route.abort())
    visitor.open()
    visitor.score_button.click()
    expect(visitor.panel.get_by_text("has not arrived yet", exact=False)).to_be_visible()
    assert len(stub.scorings) == 1
    visitor.page.unroute("**/portal/score*")
    visitor.page.reload()
    expect(visitor.row(1)).to_be_visible()
    assert len(stub.scorings) == 2


def test_a_refusal_is_shown_as_the_service_said_it(visitor: Visitor, stub: PortalStub) -> None:
    visitor.open()
    stub.refusal = "The solution folder is larger than 16 MiB."
    visitor.score_button.click()
    expect(visitor.panel.get_by_text(f"{stub.refusal} Ask an admin.")).to_be_visible()
    expect(visitor.score_button).to_be_enabled()


def test_a_lost_connection_is_said_and_the_clock_keeps_counting(
    visitor: Visitor, stub: PortalStub
) -> None:
    visitor.open()
    stub.stop()
    visitor.page.evaluate("window.dispatchEvent(new Event('online'))")
    line = visitor.panel.get_by_text("This clock keeps counting; the server's clock counts.")
    expect(line).to_be_visible()
    expect(visitor.score_button).to_be_disabled()
    before = visitor.panel.locator(".portal-clock").inner_text()
    visitor.page.wait_for_timeout(1500)
    after = visitor.panel.locator(".portal-clock").inner_text()
    assert seconds_shown(after) < seconds_shown(before)
    expect(visitor.clock).to_contain_text("connection lost")
    stub.start()
    expect(line).to_be_hidden(timeout=10_000)
    expect(visitor.score_button).to_be_enabled()


def test_a_page_of_the_hub_means_that_the_session_is_closed(visitor: Visitor) -> None:
    visitor.open()
    page = {"status": 424, "content_type": "text/html", "body": "<html>not running</html>"}
    visitor.page.route("**/portal/state*", lambda route: route.fulfill(**page))
    visitor.page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(visitor.clock).to_have_text("Session closed")
    expect(visitor.panel).not_to_contain_text("<html>")
    expect(visitor.panel.get_by_role("link", name="Open the portal's page")).to_be_visible()
    expect(visitor.score_button).to_be_disabled()


def test_submit_says_what_will_happen_and_wants_a_second_press(
    visitor: Visitor, stub: PortalStub
) -> None:
    stub.budget_seconds = 4 * 3600 + 300
    visitor.open()
    visitor.panel.get_by_role("button", name="Submit…").click()
    what = re.compile(r"stops this server and takes a last score. 4:0\d:\d\d remain unused.")
    expect(visitor.panel.get_by_text(what)).to_be_visible()
    assert stub.state == "running"
    visitor.page.keyboard.press("Escape")
    expect(visitor.panel.get_by_text(what)).to_be_hidden()
    visitor.panel.get_by_role("button", name="Submit…").click()
    visitor.panel.get_by_role("button", name="Submit now").click()
    expect(visitor.clock).to_have_text("Finished")
    expect(visitor.panel.get_by_text("The attempt has ended: submitted.")).to_be_visible()
    assert stub.ending == "submitted"
    assert visitor.problems == []


def test_a_pause_that_freezes_the_server_is_shown_from_the_portals_page(
    visitor: Visitor, stub: PortalStub
) -> None:
    def pages(route: Route) -> None:
        route.fulfill(content_type="application/json", body=json.dumps(stub.view()))

    visitor.page.route("**/services/portal/api/attempts/7", pages)
    visitor.open()
    visitor.panel.get_by_role("button", name="Pause…").click()
    confirm = visitor.panel.get_by_role("button", name="Pause the clock")
    expect(confirm).to_be_disabled()
    visitor.panel.get_by_label("Reason").fill("lunch")
    confirm.click()
    expect(visitor.panel.get_by_text("Paused: lunch.", exact=False)).to_be_visible()
    expect(visitor.clock).to_have_text(re.compile(r"left · paused$"))
    os.kill(visitor.lab.pid, signal.SIGSTOP)
    try:
        before = visitor.clock.inner_text()
        visitor.page.wait_for_timeout(5000)
        assert visitor.clock.inner_text() == before
        expect(visitor.panel.get_by_text("Paused: resume on the portal's page to")).to_be_visible()
        expect(visitor.score_button).to_be_disabled()
    finally:
        os.kill(visitor.lab.pid, signal.SIGCONT)
        stub.go_on()
    expect(visitor.clock).to_have_text(re.compile(r"\d left$"), timeout=10_000)
    expect(visitor.score_button).to_be_enabled()


def test_files_are_saved_before_the_limit_and_scoring_ends_with_it(
    visitor: Visitor, stub: PortalStub
) -> None:
    solution = visitor.lab.home / "late.py"
    solution.write_text("old\n")
    stub.budget_seconds = 3600.0
    visitor.open("lab/tree/late.py")
    visitor.page.locator(".jp-FileEditor .cm-content").click()
    visitor.page.keyboard.type("late ")
    stub.budget_seconds = stub.working_seconds + 9.0
    visitor.page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(visitor.clock).to_have_attribute("data-level", "last")
    expect(visitor.panel.get_by_text("Less than a minute left.", exact=False)).to_be_visible()
    assert solution.read_text() == "old\n"
    expect(visitor.clock).to_have_text("Time is up", timeout=12_000)
    assert "late " in solution.read_text()
    expect(visitor.panel.get_by_text("Time is up. The last score is taken")).to_be_visible()
    stub.finish("time_up")
    expect(visitor.panel.get_by_text("The attempt has ended: time is up.")).to_be_visible()


def test_texts_from_outside_stay_texts(
    visitor: Visitor, stub: PortalStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    markup = '<img src=x onerror="window.broken = true"><b>bold</b>'
    messages = {"valid": "fine", "invalid": markup}
    monkeypatch.setattr("tests.extensions.portal_stub.MESSAGES", messages)
    stub.record(10.0, "invalid", None)
    visitor.open()
    expect(visitor.row(1).locator(".portal-first")).to_have_text(markup)
    assert visitor.panel.locator("img, b").count() == 0
    assert visitor.page.evaluate("window.broken") is None


def test_hidden_scores_show_no_number_anywhere(visitor: Visitor, stub: PortalStub) -> None:
    stub.hidden = True
    stub.record(600.0, "valid", 0.482197316)
    visitor.open()
    expect(visitor.row(1)).to_contain_text("hidden")
    content = visitor.panel.evaluate("node => node.outerHTML")
    assert "0.48" not in content
    assert "1.62" not in content
    assert "reference" not in content
    expect(visitor.panel.get_by_text("Scores are hidden.")).to_be_visible()


def test_missing_isolation_is_said_all_the_time(visitor: Visitor, stub: PortalStub) -> None:
    stub.isolation = "none"
    visitor.open()
    expect(visitor.panel.get_by_text("isolation: none", exact=False)).to_be_visible()


def write_notebook(path: Path, source: str) -> None:
    cell = {"cell_type": "code", "id": "only", "metadata": {}, "outputs": []}
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = {
        "cells": [{**cell, "execution_count": None, "source": source}],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook))


def wait_for_idle_kernel(lab: Lab) -> None:
    """The toolbar says idle before a kernel exists; its sessions do not."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        kernels = [session["kernel"] for session in lab.fetch("api/sessions")[1]]
        if any(k["execution_state"] == "idle" and k["connections"] > 0 for k in kernels):
            return
        time.sleep(0.1)
    raise TimeoutError("no idle kernel after 30 s")


def stop_kernels(visitor: Visitor) -> None:
    visitor.page.goto("about:blank")
    for kernel in visitor.lab.fetch("api/kernels")[1]:
        visitor.lab.fetch(f"api/kernels/{kernel['id']}", method="DELETE")
