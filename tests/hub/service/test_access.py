"""Refusal is the default: walked over every route there is, not over a list of them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from hub.store import Store
from tests.hub.records import add_attempt
from tests.hub.service.conftest import PREFIX, Service

OPEN_TO_ANYBODY = {"/healthz", "/oauth_callback", "/logout"}
ADMINS_ONLY = ("/api/attempts/{attempt_id}/end", "/api/attempts/{attempt_id}/extend",
               "/api/attempts/{attempt_id}/review", "/admin")  # fmt: skip


def routes(service: Service) -> Iterator[tuple[str, str]]:
    """Every method and path template below the prefix."""
    for route in iter_route_contexts(service.app.routes):
        for method in route.methods or ():
            yield method, (route.path or "").removeprefix(PREFIX)


def test_nobody_gets_anything_without_a_login(service: Service, store: Store) -> None:
    add_attempt(store)
    client = service.client()
    asked = 0
    for method, path in routes(service):
        if path in OPEN_TO_ANYBODY:
            continue
        answer = client.request(method, path.format(attempt_id=1))
        if path.startswith("/api/"):
            assert answer.status_code == 401, (method, path)
            assert answer.json()["error"]["code"] == "not-logged-in"
        else:
            assert answer.headers["location"].startswith("/hub/api/oauth2/authorize?"), path
        asked += 1
    assert asked > 25


def test_experts_get_nothing_of_the_admins(
    service: Service, store: Store, anna: httpx.Client
) -> None:
    add_attempt(store)
    for method, path in routes(service):
        if path.startswith(ADMINS_ONLY):
            answer = anna.request(method, path.format(attempt_id=1))
            assert answer.status_code == 403, (method, path)


def test_another_experts_attempt_is_not_there(
    service: Service, store: Store, ben: httpx.Client
) -> None:
    add_attempt(store, expert="anna")
    for method, path in routes(service):
        if "{attempt_id}" in path and not path.startswith("/admin"):
            answer = ben.request(method, path.format(attempt_id=1))
            assert answer.status_code in {403, 404}, (method, path)
            assert path.startswith(ADMINS_ONLY) or answer.status_code == 404, (method, path)
    assert ben.get("/api/attempts/1").json() == ben.get("/api/attempts/2").json() | {
        "error": ben.get("/api/attempts/1").json()["error"]
    }
    assert ben.get("/api/attempts").json() == {"attempts": []}


@pytest.mark.parametrize("act", ["prepare", "start", "scores", "submit", "give_up"])
def test_admins_do_not_work_in_an_experts_place(
    store: Store, admin: httpx.Client, act: str
) -> None:
    attempt = add_attempt(store)
    answer = admin.post(f"/api/attempts/{attempt}/{act}", json={"nonce": "n", "reason": "r"})
    assert answer.status_code == 403


def test_a_change_by_cookie_needs_the_pages_token(service: Service, store: Store) -> None:
    add_attempt(store)
    browser = service.browser("anna")
    for method, path in routes(service):
        if method != "GET" and path not in OPEN_TO_ANYBODY:
            answer = browser.request(method, path.format(attempt_id=1))
            assert answer.status_code == 403, (method, path)
            assert "present login" in answer.text


def test_a_change_by_cookie_needs_our_own_origin(service: Service, store: Store) -> None:
    attempt = add_attempt(store, upto="started")
    browser = service.browser("anna")
    csrf = token_of(browser.get(f"/attempts/{attempt}").text)
    sent = {"csrf": csrf, "reason": "lunch"}
    foreign = browser.post(
        f"/attempts/{attempt}/pause", data=sent, headers={"Origin": "http://elsewhere.example"}
    )
    assert foreign.status_code == 403
    assert browser.post(f"/attempts/{attempt}/pause", data=sent).status_code == 303


def test_the_token_of_one_login_does_not_fit_another(service: Service, store: Store) -> None:
    attempt = add_attempt(store, upto="started")
    anna, ben = service.browser("anna"), service.browser("ben")
    add_attempt(store, expert="ben", upto="started")
    csrf = token_of(ben.get("/attempts/2").text)
    answer = anna.post(f"/attempts/{attempt}/pause", data={"csrf": csrf, "reason": "x"})
    assert answer.status_code == 403


def token_of(page: str) -> str:
    return page.partition('name="csrf" value="')[2].partition('"')[0]
