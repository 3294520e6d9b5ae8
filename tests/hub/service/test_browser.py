"""The pages' scripts in a real browser: live parts, clocks, tables, and no complaint of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hub.store import Store
from hub.store.models import ScoreRequest
from tests.hub.records import NOON, add_attempt, add_event, add_request, write_score
from tests.hub.service.conftest import PREFIX, Service, wait_for
from tests.hub.service.hub_stand_in import ADMIN

pytestmark = pytest.mark.browser

OpenPage = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def context(browser: Browser) -> BrowserContext:
    return browser.new_context()


@pytest.fixture
def open_page(context: BrowserContext, ticking_service: Service) -> OpenPage:
    """A page as this person sees it; afterwards nothing may have been complained of."""

    @contextmanager
    def opened(name: str, path: str, *scopes: str) -> Iterator[Page]:
        session = ticking_service.browser(name, *scopes).cookies["portal-session"]
        where = {"url": ticking_service.address + PREFIX}
        context.add_cookies([{"name": "portal-session", "value": session, **where}])
        page, complaints = context.new_page(), []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        # The Hub's stylesheet: there is no Hub.
        page.route(
            "**/hub/static/**", lambda route: route.fulfill(body="", content_type="text/css")
        )
        page.goto(ticking_service.address + PREFIX + path)
        wait_for(lambda: ticking_service.app.state.portal.changes._seen)
        yield page
        page.close()
        context.clear_cookies()
        assert complaints == []

    return opened


def test_a_change_appears_by_itself(open_page: OpenPage, store: Store) -> None:
    attempt = add_attempt(store, upto="started", budget_seconds=9000.0)
    with open_page("anna", f"/attempts/{attempt}") as page:
        expect(page.get_by_text("Every score will appear here")).to_be_visible()
        write_score(store, attempt, index=1)
        expect(page.locator("#entry-1")).to_contain_text("0.33")
        expect(page.locator("svg.curve circle")).to_have_count(1)
        add_event(store, attempt, "paused", NOON, reason="lunch")
        expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_what_is_being_typed_survives_a_change(open_page: OpenPage, store: Store) -> None:
    attempt = add_attempt(store, upto="preparing")
    request = add_request(store, attempt, kind="starting", status="running", stage="one")
    with open_page("anna", f"/attempts/{attempt}") as page:
        page.get_by_label("If so, what?").fill("a paper")
        page.get_by_label("I have read the rules").check()
        with store.write() as session:
            session.get_one(ScoreRequest, request).stage = "two"
        expect(page.locator("#prepare")).to_contain_text("two")
        expect(page.get_by_label("If so, what?")).to_have_value("a paper")
        expect(page.get_by_label("I have read the rules")).to_be_checked()
        add_event(store, attempt, "ready", NOON)
        expect(page.get_by_role("button", name="Start the clock")).to_be_enabled()
        expect(page.get_by_label("If so, what?")).to_have_value("a paper")


def test_an_open_form_stays_open(open_page: OpenPage, store: Store) -> None:
    attempt = add_attempt(store, upto="started", budget_seconds=9000.0)
    with open_page("anna", f"/attempts/{attempt}") as page:
        page.get_by_text("Pause…").click()
        page.locator("#pause-reason").fill("lun")
        write_score(store, attempt, index=1)
        expect(page.locator("#entry-1")).to_be_visible()
        expect(page.locator("#pause-reason")).to_have_value("lun")
        page.locator("#pause-reason").press_sequentially("ch")
        page.locator("#pause-reason").press("Enter")
        expect(page.get_by_text("lunch")).to_be_visible()


def test_the_clock_runs_only_while_it_runs(open_page: OpenPage, store: Store) -> None:
    running = add_attempt(store, upto="started", budget_seconds=3600.0)
    with open_page("anna", f"/attempts/{running}") as page:
        expect(page.locator(".clock").first).to_have_text(re.compile(r"0:59:5\d"))
        add_event(store, running, "paused", NOON)
        expect(page.locator(".clock").first).to_have_text("1:00:00")
        page.wait_for_timeout(1200)
        expect(page.locator(".clock").first).to_have_text("1:00:00")


def test_the_clock_changes_colour_at_thirty_and_at_five_minutes(
    open_page: OpenPage, store: Store
) -> None:
    for seconds, colour in ((1900.0, "clock"), (1799.0, "clock early"), (299.0, "clock late")):
        attempt = add_attempt(store, upto="started", budget_seconds=seconds)
        with open_page("anna", f"/attempts/{attempt}") as page:
            expect(page.locator(".clock").first).to_have_class(colour)


def test_the_address_keeps_how_the_table_is_seen(open_page: OpenPage, store: Store) -> None:
    for expert in ("anna", "ben"):
        add_attempt(store, expert=expert, upto="started", budget_seconds=9000.0)
    with open_page("root", "/admin", ADMIN) as page:
        page.get_by_role("button", name="Expert", exact=True).click()
        expect(page.locator("#rows tr").first).to_contain_text("anna")
        page.get_by_role("button", name="Expert", exact=True).click()
        expect(page.locator("#rows tr").first).to_contain_text("ben")
        page.locator("#q").fill("anna")
        expect(page.locator("#rows tr:visible")).to_have_count(1)
        assert page.url.endswith("?sort=expert&order=down&q=anna")
        page.reload()
        expect(page.locator("#rows tr:visible")).to_have_count(1)
        expect(page.locator("#shown")).to_have_text("1 of 2")


def test_a_row_opens_by_keyboard(open_page: OpenPage, store: Store) -> None:
    attempt = add_attempt(store, upto="started", budget_seconds=9000.0)
    with open_page("root", "/admin", ADMIN) as page:
        page.locator(f"#row-{attempt}").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/admin/attempts/{attempt}")
