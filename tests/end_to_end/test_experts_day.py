"""An expert's day in a real browser, and what the admin and the export then say of it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from environments import registry
from tests.end_to_end.portal import RunningPortal, wait_for

pytestmark = [pytest.mark.hub, pytest.mark.browser]
SLOW_MS = 90_000


@pytest.fixture
def context(browser: Browser, portal: RunningPortal) -> Iterator[BrowserContext]:
    """A fresh browser; loud console errors and failed requests fail the test."""
    context = browser.new_context(base_url=portal.url, viewport={"width": 1366, "height": 768})
    context.set_default_timeout(SLOW_MS)
    expect.set_options(timeout=SLOW_MS)
    loud: list[str] = []
    context.on("console", lambda m: loud.append(m.text) if m.type == "error" else None)
    context.on("weberror", lambda e: loud.append(str(e.error)))
    yield context
    context.close()
    assert not [line for line in loud if not expected_noise(line)]


def expected_noise(line: str) -> bool:
    """What a browser says when the server it talks to is stopped on purpose."""
    return any(word in line for word in ("WebSocket", "net::ERR_", "503", "502", "424", "404"))


def log_in(page: Page, name: str, password: str) -> None:
    page.goto("/hub/login")
    page.fill("#username_input", name)
    page.fill("#password_input", password)
    page.click("#login_submit")
    page.wait_for_url("**/services/portal/**")


def prepare_and_start(page: Page) -> None:
    page.get_by_role("button", name="Prepare", exact=True).click()
    expect(page.get_by_role("button", name="Start the clock")).to_be_enabled()
    page.check("#exposure-none")
    page.check("#consent")
    page.get_by_role("button", name="Start the clock").click()
    expect(page.get_by_role("link", name="Open JupyterLab")).to_be_visible()


def score_in_panel(page: Page, index: int) -> str:
    """Presses Score and returns the normalized score of the new row."""
    page.locator(".portal-primary").click()
    row = page.locator(".portal-log > li", has_text=f"#{index}").first
    expect(row).to_be_visible()
    return str(row.locator(".portal-normalized").get_attribute("title"))


def run_first_cell(page: Page, portal: RunningPortal, expert: str, attempt: int) -> None:
    """Waits for the kernel itself: the toolbar says idle before there is one."""
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    path = f"/user/{expert}/a{attempt}/api/sessions"

    def connected() -> bool:
        sessions = page.request.get(path).json()
        return bool(sessions) and sessions[0]["kernel"]["connections"] > 0

    wait_for(connected, 60, "the notebook has a kernel")
    page.locator(".jp-NotebookPanel .jp-CodeCell .jp-InputArea-editor").first.click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".jp-CodeCell .jp-InputPrompt").first).to_contain_text("[1]:")


def test_an_experts_day_from_login_to_export(
    context: BrowserContext, portal: RunningPortal, screenshots: Path, tmp_path: Path
) -> None:
    portal.add("ellen")
    attempt = portal.assign("ellen", "optimize_kernel")
    page = context.new_page()

    log_in(page, "ellen", portal.passwords["ellen"])
    page.screenshot(path=screenshots / "home.png")
    page.goto(f"/services/portal/attempts/{attempt}")
    expect(page.get_by_text("prefix_sum")).to_have_count(0)  # no instructions before the clock
    page.screenshot(path=screenshots / "start.png", full_page=True)
    prepare_and_start(page)
    expect(page.get_by_text("prefix_sum").first).to_be_visible()
    page.screenshot(path=screenshots / "attempt.png", full_page=True)

    base = f"/user/ellen/a{attempt}"
    page.goto(f"{base}/lab/tree/start_here.ipynb")
    run_first_cell(page, portal, "ellen", attempt)
    expect(page.locator(".portal-clock")).to_contain_text("left")
    assert abs(float(score_in_panel(page, 1).split()[-1])) < 0.1  # the starting solution is 0

    install_reference(page, base)
    better = score_in_panel(page, 2)
    assert float(better.split()[-1]) > 0.5
    page.screenshot(path=screenshots / "lab.png")

    page.close()
    page = context.new_page()
    page.goto(f"{base}/lab")
    row = page.locator(".portal-log > li", has_text="#2").first
    expect(row.locator(".portal-normalized")).to_have_attribute("title", better)
    page.locator(".portal-acts button", has_text="Submit").first.click()
    page.get_by_role("button", name="Submit now").click()
    expect(page.locator(".portal-clock")).to_have_text(re.compile("Ending|Finished|closed"))
    page.goto(f"/services/portal/attempts/{attempt}")
    expect(page.locator("#head .state-finished")).to_be_visible()
    page.screenshot(path=screenshots / "finished.png", full_page=True)

    admin_and_export_agree(context, portal, attempt, screenshots, tmp_path)


def install_reference(page: Page, base: str) -> None:
    """Saves a better solution.py as Lab's own editor would: through the contents interface."""
    environment = registry.load("optimize_kernel")
    text = (environment.folder / "reference" / "solution.py").read_text()
    page.evaluate(
        """async ([url, content]) => {
            const xsrf = document.cookie.match(/_xsrf=([^;]+)/)[1];
            const answer = await fetch(url, {method: "PUT",
                headers: {"Content-Type": "application/json", "X-XSRFToken": xsrf},
                body: JSON.stringify({type: "file", format: "text", content})});
            if (!answer.ok) throw new Error(await answer.text());
        }""",
        [f"{base}/api/contents/solution/solution.py", text],
    )


def admin_and_export_agree(
    context: BrowserContext, portal: RunningPortal, attempt: int, screenshots: Path, folder: Path
) -> None:
    with portal.client("ellen") as client:
        truth = portal.view(client, attempt)["entries"]
    assert [entry["kind"] for entry in truth] == ["starting", "requested", "requested", "final"]

    page = context.browser.new_page(  # type: ignore[union-attr]
        base_url=portal.url, viewport={"width": 1366, "height": 768}
    )
    log_in(page, "grace", portal.passwords["grace"])
    expect(page.get_by_text("ellen").first).to_be_visible()
    page.screenshot(path=screenshots / "admin.png")
    page.goto(f"/services/portal/admin/attempts/{attempt}")
    for entry in truth:
        row = page.locator(f"#entry-{entry['index']}")
        assert row.locator(f"td[title='{entry['score']!r}']").count() == 1
    page.screenshot(path=screenshots / "admin-attempt.png", full_page=True)
    page.close()

    portal.command("export", "--format", "csv", "--out", str(folder / "out"))
    with (folder / "out" / "scores.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["attempt"] == str(attempt)]
    exported = [(float(row["score"]), float(row["normalized_score"])) for row in rows]
    assert exported == [(entry["score"], entry["normalized_score"]) for entry in truth]


def test_at_the_limit_scoring_is_refused_and_the_server_is_gone(
    context: BrowserContext, portal: RunningPortal, screenshots: Path
) -> None:
    portal.add("franz")
    attempt = portal.assign("franz", "optimize_kernel", budget="25s")
    over = re.compile("Time is up|Ending|Finished")
    with portal.client("franz") as client:
        page = context.new_page()
        log_in(page, "franz", portal.passwords["franz"])
        page.goto(f"/services/portal/attempts/{attempt}")
        prepare_and_start(page)
        page.goto(f"/user/franz/a{attempt}/lab")
        expect(page.locator(".portal-clock")).to_contain_text("left")
        inner = portal.server(attempt).process["inner"]["pid"]
        in_time = portal.act(client, attempt, "scores", nonce="in-time")
        assert in_time.status_code == 202, in_time.text
        expect(page.locator(".portal-clock")).to_have_text(over)
        page.wait_for_timeout(1500)
        page.screenshot(path=screenshots / "time-up.png")

        refused = portal.act(client, attempt, "scores", nonce="too-late")
        assert refused.status_code == 409, refused.text
        assert refused.json()["error"]["code"] == "time-is-up"
        view = portal.wait_for_state(client, attempt, "finished")
    assert view["ending"] == "time_up"
    assert view["working_seconds"] == 25
    kinds = [(entry["kind"], entry["status"]) for entry in view["entries"]]
    assert kinds == [("starting", "valid"), ("requested", "valid"), ("final", "valid")]
    assert not Path(f"/proc/{inner}").exists()
    page.goto(f"/services/portal/attempts/{attempt}")
    expect(page.locator("#head .state-finished")).to_be_visible()
    page.screenshot(path=screenshots / "time-up-page.png", full_page=True)


def test_the_panel_scores_while_the_kernel_is_busy(
    context: BrowserContext, portal: RunningPortal
) -> None:
    portal.add("gerd")
    attempt = portal.assign("gerd", "optimize_kernel")
    with portal.client("gerd") as client:
        server = portal.started(client, attempt)
        server.run("import threading, time")
        page = context.new_page()
        log_in(page, "gerd", portal.passwords["gerd"])
        page.goto(f"/user/gerd/a{attempt}/lab")
        expect(page.locator(".portal-clock")).to_contain_text("left")
        with pytest.raises(TimeoutError):
            server.run("time.sleep(3600)", timeout_seconds=2)
        assert score_in_panel(page, 1)
        portal.act(client, attempt, "give_up", reason="end of the test")
