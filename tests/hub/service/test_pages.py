"""What experts and admins find on the pages, and that the forms do what they say."""

from __future__ import annotations

import httpx
import pytest

from environments.outcomes import Outcome
from hub.settings import Settings
from hub.store import Store
from hub.store.events import events_of, get_attempt
from tests.hub.records import NOON, add_attempt, add_event, write_score
from tests.hub.service.conftest import Service
from tests.hub.service.hub_stand_in import ADMIN
from tests.hub.service.test_access import token_of

EVIL = "<script>alert('x')</script>"


def send(browser: httpx.Client, page: str, action: str, **fields: str) -> httpx.Response:
    """A form of this page, filled and sent."""
    return browser.post(action, data={"csrf": token_of(browser.get(page).text), **fields})


def test_experts_begin_with_their_attempts_and_admins_with_all(
    service: Service, store: Store
) -> None:
    add_attempt(store, upto="started")
    assert "Optimize a Kernel" in service.browser("anna").get("/").text
    assert "Nothing is assigned to you yet" in service.browser("ben").get("/").text
    admins = service.browser("root", ADMIN)
    assert admins.get("/").headers["location"] == "/services/portal/admin"
    assert "Optimize a Kernel" in admins.get("/admin").text


@pytest.mark.parametrize("state", ["assigned", "preparing", "ready"])
def test_before_the_clock_there_are_rules_but_no_instructions(
    service: Service, store: Store, settings: Settings, state: str
) -> None:
    attempt = add_attempt(store, upto=state)
    deliver(settings, attempt)
    page = service.browser("anna").get(f"/attempts/{attempt}").text
    assert "Rules" in page
    assert "The secret of the problem" not in page
    assert page.count("disabled>Start the clock") == (state != "ready")


def test_with_the_clock_the_instructions_appear(
    service: Service, store: Store, settings: Settings
) -> None:
    attempt = add_attempt(store, upto="started")
    deliver(settings, attempt)
    page = service.browser("anna").get(f"/attempts/{attempt}").text
    assert "<h1>The secret of the problem</h1>" in page
    assert 'data-remaining="100.0"' in page


def test_without_agreement_the_clock_does_not_start(service: Service, store: Store) -> None:
    attempt = add_attempt(store, upto="ready")
    answer = send(service.browser("anna"), f"/attempts/{attempt}", f"/attempts/{attempt}/start")
    assert answer.status_code == 422
    assert "The clock was not started" in answer.text
    with store.read() as session:
        assert get_attempt(session, attempt).state == "ready"


def test_forms_do_what_they_say_and_come_back(service: Service, store: Store) -> None:
    attempt = add_attempt(store, upto="started")
    page = f"/attempts/{attempt}"
    browser = service.browser("anna")
    paused = send(browser, page, f"{page}/pause", reason="lunch")
    assert paused.headers["location"] == f"/services/portal{page}"
    assert "lunch" in browser.get(page).text
    assert send(browser, page, f"{page}/resume").status_code == 303
    assert send(browser, page, f"{page}/submit").status_code == 303
    assert "Submitted." in browser.get(page).text


def test_a_form_without_its_reason_is_refused(service: Service, store: Store) -> None:
    attempt = add_attempt(store, upto="started")
    page = f"/attempts/{attempt}"
    assert send(service.browser("anna"), page, f"{page}/pause").status_code == 422


def test_what_people_typed_is_never_a_script(service: Service, store: Store) -> None:
    attempt = add_attempt(store, upto="started")
    write_score(store, attempt, Outcome("invalid", None, None, EVIL, 1.0, {"said": EVIL}))
    add_event(store, attempt, "paused", NOON, reason=EVIL, data={"kind": "expert"})
    pages = [service.browser("anna").get(f"/attempts/{attempt}").text,
             service.browser("root", ADMIN).get(f"/admin/attempts/{attempt}").text]  # fmt: skip
    for page in pages:
        assert "alert(" in page
        assert "<script>alert" not in page


def test_pages_bring_nothing_from_outside_and_nothing_inline(
    service: Service, store: Store
) -> None:
    attempt = add_attempt(store, upto="started")
    answer = service.browser("anna").get(f"/attempts/{attempt}")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert "https://" not in answer.text
    assert " style=" not in answer.text
    assert " onclick" not in answer.text


def test_without_a_sandbox_every_page_says_so(service: Service, store: Store) -> None:
    attempt = add_attempt(store)
    browser, admins = service.browser("anna"), service.browser("root", ADMIN)
    pages = [browser.get("/"), browser.get(f"/attempts/{attempt}"), browser.get("/nothing"),
             admins.get("/admin"), admins.get("/admin/assign"),
             admins.get(f"/admin/attempts/{attempt}")]  # fmt: skip
    assert all("<strong>isolation: none</strong>" in page.text for page in pages)


def test_an_admin_sees_the_whole_record_of_an_attempt(service: Service, store: Store) -> None:
    attempt = add_attempt(store, upto="started")
    entry = write_score(store, attempt, snapshot="a" * 64)
    page = service.browser("root", ADMIN).get(f"/admin/attempts/{attempt}").text
    for expected in (
        entry.hash,
        "a" * 64,
        "worker-1",
        repr(0.1 + 0.2),
        "The clock started",
        "bubblewrap",
    ):
        assert expected in page


def test_an_admin_assigns_extends_ends_and_reviews(service: Service, store: Store) -> None:
    browser = service.browser("root", ADMIN)
    made = send(browser, "/admin/assign", "/admin/assign", expert="anna",
                environment="optimize_kernel", budget="0:01:40")  # fmt: skip
    page = made.headers["location"].removeprefix("/services/portal")
    attempt = int(page.rpartition("/")[2])
    extended = send(browser, page, f"{page}/extend", duration="0:10", reason="late start")
    assert extended.status_code == 303
    assert send(browser, page, f"{page}/end", reason="no show").status_code == 303
    with store.read() as session:
        kinds = [event.kind for event in events_of(session, get_attempt(session, attempt))]
    assert kinds == ["assigned", "extended", "ending"]


def test_assigning_to_nobody_is_a_sentence(service: Service, store: Store) -> None:
    browser = service.browser("root", ADMIN)
    answer = send(browser, "/admin/assign", "/admin/assign", expert="nobody",
                  environment="optimize_kernel", budget="8:00")  # fmt: skip
    assert answer.status_code == 404
    assert "There is no expert" in answer.text


def deliver(settings: Settings, attempt_id: int) -> None:
    folder = settings.attempt_folder(attempt_id) / "environment"
    folder.mkdir(parents=True)
    (folder / "instructions.md").write_text("# The secret of the problem\n")
