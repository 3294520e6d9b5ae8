"""The jupyter-server half: a real server, a real service, HTTP between them."""

from __future__ import annotations

import time
import urllib.request
from http.cookiejar import CookieJar

import pytest

from tests.extensions.lab import LAB_TOKEN, Lab
from tests.extensions.portal_stub import TOKEN, PortalStub


def test_state_is_the_services_answer_about_the_attempt_of_this_server(
    lab: Lab,
    stub: PortalStub,
) -> None:
    status, view = lab.fetch("portal/state")
    assert status == 200
    assert (view["id"], view["state"]) == (7, "running")
    method, act, headers, _ = stub.calls[-1]
    assert (method, act, headers["Authorization"]) == ("GET", "", f"token {TOKEN}")


def test_a_score_request_carries_its_nonce_and_counts_once(lab: Lab, stub: PortalStub) -> None:
    before = len(stub.scorings)
    assert [lab.fetch("portal/score", {"nonce": "abc"})[0] for _ in range(2)] == [202, 202]
    assert [call[3] for call in stub.calls] == [{"nonce": "abc"}] * 2
    assert len(stub.scorings) == before + 1


@pytest.mark.parametrize("body", [{}, {"nonce": ""}, {"nonce": 3}, {"nonce": "x" * 65}, [1]])
def test_a_score_request_without_a_usable_nonce_is_refused_here(
    lab: Lab, stub: PortalStub, body: object
) -> None:
    status, answer = lab.fetch("portal/score", body)
    assert status == 422
    assert set(answer["error"]) == {"code", "message", "hint"}
    assert stub.calls == []


def test_a_pause_needs_a_reason(lab: Lab, stub: PortalStub) -> None:
    assert lab.fetch("portal/pause", {"reason": "  "})[0] == 422
    assert stub.calls == []


def test_a_refusal_of_the_service_reaches_the_panel_as_it_is(
    lab: Lab,
    stub: PortalStub,
) -> None:
    stub.refusal = "The limit has passed."
    expected = {"code": "refused", "message": "The limit has passed.", "hint": "Ask an admin."}
    for path, body in [("score", {"nonce": "n"}), ("submit", {}), ("pause", {"reason": "tea"})]:
        assert lab.fetch(f"portal/{path}", body) == (409, {"error": expected})


def test_a_page_instead_of_json_counts_as_no_answer(lab: Lab, stub: PortalStub) -> None:
    stub.fault = "html"
    assert_unreachable(*lab.fetch("portal/state"))


def test_a_service_that_is_down_is_said_in_a_sentence_and_the_server_recovers(
    lab: Lab,
    stub: PortalStub,
) -> None:
    stub.stop()
    assert_unreachable(*lab.fetch("portal/state"))
    stub.start()
    assert lab.fetch("portal/state")[0] == 200
    assert "Traceback" not in lab.log.read_text()


@pytest.mark.slow
def test_a_silent_service_is_given_up_after_ten_seconds(lab: Lab, stub: PortalStub) -> None:
    stub.fault = "silent"
    asked = time.monotonic()
    assert_unreachable(*lab.fetch("portal/state"))
    assert 9 < time.monotonic() - asked < 15


@pytest.mark.parametrize("path", ["state", "score", "submit", "pause"])
def test_nobody_gets_through_without_a_login(lab: Lab, stub: PortalStub, path: str) -> None:
    body = None if path == "state" else {"nonce": "n", "reason": "r"}
    assert lab.fetch(f"portal/{path}", body, token="")[0] == 403
    assert stub.calls == []


def test_an_act_with_a_cookie_needs_the_xsrf_header(lab: Lab, stub: PortalStub) -> None:
    cookies, _ = lab_page(lab)
    headers = {"Cookie": cookies}
    assert lab.fetch("portal/score", {"nonce": "n"}, token="", headers=headers)[0] == 403
    assert stub.calls == []
    headers["X-XSRFToken"] = cookies.split("_xsrf=")[1].split(";")[0]
    assert lab.fetch("portal/score", {"nonce": "n"}, token="", headers=headers)[0] == 202


def test_only_the_four_paths_exist(lab: Lab, stub: PortalStub) -> None:
    for path in ["portal/", "portal/state/events", "portal/api/me", "portal/give_up"]:
        assert lab.fetch(path)[0] == 404
    assert lab.fetch("portal/state", {})[0] == 405
    assert stub.calls == []


def test_the_token_never_reaches_the_browser(lab: Lab, stub: PortalStub) -> None:
    _, page = lab_page(lab)
    assert "portal-score-panel" in page
    assert '"portalAttempt": "7"' in page
    assert TOKEN not in page
    assert TOKEN not in str(lab.fetch("portal/state"))
    assert TOKEN not in lab.log.read_text()


def assert_unreachable(status: int, answer: dict[str, dict[str, str]]) -> None:
    assert status == 503
    assert answer["error"]["code"] == "service-unreachable"
    assert answer["error"]["message"] == "The portal does not answer."
    assert "clock" in answer["error"]["hint"]


def lab_page(lab: Lab) -> tuple[str, str]:
    """Cookies set by the page of JupyterLab, and the page."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with opener.open(f"{lab.url}lab?token={LAB_TOKEN}", timeout=30) as response:
        page = response.read().decode()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar), page
