"""Every way to fail has the one shape, and a sentence that helps."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import text

from hub.store import Store
from tests.hub.records import add_attempt
from tests.hub.service.conftest import Service


def error_of(answer: httpx.Response) -> dict[str, str]:
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error"}
    error: dict[str, str] = answer.json()["error"]
    assert {"code", "message", "hint"} <= set(error)
    assert error["message"].endswith((".", "?"))
    return error


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not-found"),
        ("GET", "/api/attempts/999", 404, "not-found"),
        ("GET", "/api/attempts/one", 422, "bad-input"),
        ("PUT", "/api/attempts", 405, "method-not-allowed"),
        ("POST", "/api/attempts/1/resume", 409, "refused"),
        ("POST", "/api/attempts/1/end", 403, "forbidden"),
    ],
)
def test_one_shape_for_all_failures(
    store: Store, anna: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    add_attempt(store)
    answer = anna.request(method, path, json={"reason": "because"})
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)


def test_a_bad_body_is_named_not_a_crash(store: Store, anna: httpx.Client) -> None:
    attempt = add_attempt(store, upto="started")
    bodies = [{}, {"nonce": ""}, {"nonce": 3}, {"nonce": "n", "extra": 1}, [], "text", None]
    for body in bodies:
        answer = anna.post(f"/api/attempts/{attempt}/scores", json=body)
        assert answer.status_code == 422, body
        assert error_of(answer)["code"] == "bad-input"


def test_an_impossible_extension_is_refused(store: Store, admin: httpx.Client) -> None:
    attempt = add_attempt(store, upto="started")
    for seconds in (0, -60, "1e400", 1e18, None, "NaN"):
        more = {"seconds": seconds, "reason": "x"}
        assert admin.post(f"/api/attempts/{attempt}/extend", json=more).status_code == 422


def test_after_the_limit_a_score_is_refused_as_too_late(
    service: Service, store: Store, anna: httpx.Client
) -> None:
    attempt = add_attempt(store, upto="started")
    service.later(100)
    answer = anna.post(f"/api/attempts/{attempt}/scores", json={"nonce": "n"})
    assert answer.status_code == 409
    assert error_of(answer)["code"] == "time-is-up"


def test_our_own_fault_has_an_id_and_no_trace(service: Service, store: Store) -> None:
    browser, program = service.browser("anna"), service.program("anna")
    with store.write() as session:
        session.execute(text("DROP TABLE attempts"))
    answer = program.get("/api/attempts")
    assert answer.status_code == 500
    assert len(error_of(answer)["id"]) == 8
    page = browser.get("/")
    assert page.status_code == 500
    assert "This is our fault" in page.text
    assert "Traceback" not in page.text
    assert "sqlite" not in page.text.lower()


def test_people_get_a_page_instead(service: Service) -> None:
    answer = service.browser("anna").get("/attempts/999")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no attempt 999 of yours." in answer.text
