"""The API acts and then tells how the attempt stands."""

from __future__ import annotations

import httpx

from environments.outcomes import Outcome
from hub.service import shapes
from hub.settings import Settings
from hub.store import Store
from hub.store.events import events_of, get_attempt
from tests.hub.records import add_attempt, add_expert, write_score
from tests.hub.service.conftest import Service

ADMIN_FIELDS = {"details", "worker", "hash"}


def test_anybody_may_ask_whether_it_lives(service: Service) -> None:
    assert service.client().get("/healthz").json() == {"ok": True}


def test_the_view_holds_what_is_documented(store: Store, admin: httpx.Client) -> None:
    attempt = add_attempt(store, upto="started")
    write_score(store, attempt, kind="starting")
    view = admin.get(f"/api/attempts/{attempt}").json()
    assert set(view) == set(shapes.AttemptView.model_fields)
    assert set(view["entries"][0]) == set(shapes.Entry.model_fields)
    summary = admin.get("/api/attempts").json()["attempts"][0]
    assert set(summary) == set(shapes.Summary.model_fields)


def test_the_document_describes_every_route_of_the_api(anna: httpx.Client) -> None:
    paths = anna.get("/api/openapi.json").json()["paths"]
    assert "/services/portal/api/attempts/{attempt_id}/scores" in paths
    assert all(path.startswith(("/services/portal/api/", "/services/portal/healthz"))
               for path in paths)  # fmt: skip


def test_experts_see_their_own_attempts_and_admins_all(
    store: Store, anna: httpx.Client, admin: httpx.Client
) -> None:
    mine, other = add_attempt(store, expert="anna"), add_attempt(store, expert="ben")
    assert [a["id"] for a in anna.get("/api/attempts").json()["attempts"]] == [mine]
    assert {a["id"] for a in admin.get("/api/attempts").json()["attempts"]} == {mine, other}


def test_scores_keep_their_full_precision(store: Store, anna: httpx.Client) -> None:
    attempt = add_attempt(store, upto="started")
    write_score(store, attempt)
    entry = anna.get(f"/api/attempts/{attempt}").json()["entries"][0]
    assert entry["score"] == 0.1 + 0.2
    assert entry["normalized_score"] == 1 / 3


def test_what_only_admins_may_read_is_absent_for_experts(store: Store, anna: httpx.Client) -> None:
    attempt = add_attempt(store, upto="started")
    write_score(store, attempt)
    entry = anna.get(f"/api/attempts/{attempt}").json()["entries"][0]
    assert not ADMIN_FIELDS & set(entry)


def test_a_hidden_score_stays_hidden_in_every_answer(
    service: Service, store: Store, anna: httpx.Client
) -> None:
    attempt = add_attempt(store, upto="started", score_policy="none")
    write_score(store, attempt, Outcome("valid", 1.2345678, 0.7654321, "", 1.0, {}))
    browser = service.browser("anna")
    answers = [anna.get("/api/attempts"), anna.get(f"/api/attempts/{attempt}"),
               browser.get("/"), browser.get(f"/attempts/{attempt}")]  # fmt: skip
    for answer in answers:
        assert answer.status_code == 200
        assert "1.2345" not in answer.text
        assert "0.7654" not in answer.text
        assert "0.77" not in answer.text


def test_pausing_stops_the_clock_and_says_who_and_why(
    service: Service, store: Store, anna: httpx.Client, admin: httpx.Client
) -> None:
    attempt = add_attempt(store, upto="started")
    service.later(40)
    view = anna.post(f"/api/attempts/{attempt}/pause", json={"reason": "lunch"}).json()
    assert (view["state"], view["remaining_seconds"], view["deadline"]) == ("paused", 60.0, None)
    assert view["pause"]["kind"] == "expert"
    service.later(1000)
    view = anna.post(f"/api/attempts/{attempt}/resume").json()
    assert (view["state"], view["remaining_seconds"]) == ("running", 60.0)
    view = admin.post(f"/api/attempts/{attempt}/pause", json={"reason": "power cut"}).json()
    assert view["pause"]["kind"] == "admin"


def test_the_clock_does_not_start_without_consent(store: Store, anna: httpx.Client) -> None:
    attempt = add_attempt(store, upto="ready")
    said = {"consent": False, "prior_exposure": "none"}
    assert anna.post(f"/api/attempts/{attempt}/start", json=said).status_code == 422


def test_what_the_expert_says_is_kept_with_the_start(
    settings: Settings, store: Store, anna: httpx.Client
) -> None:
    (settings.assets_folder("optimize_kernel", "small") / "public").mkdir(parents=True)
    attempt = add_attempt(store, upto="ready")
    said = {"consent": True, "prior_exposure": "some", "prior_exposure_details": "a paper"}
    view = anna.post(f"/api/attempts/{attempt}/start", json=said).json()
    assert view["state"] == "running"
    with store.read() as session:
        started = events_of(session, get_attempt(session, attempt))[-1]
    assert (started.kind, started.data) == ("started", said)


def test_submitting_ends_and_there_is_no_way_back(store: Store, anna: httpx.Client) -> None:
    attempt = add_attempt(store, upto="started")
    view = anna.post(f"/api/attempts/{attempt}/submit").json()
    assert (view["state"], view["ending"]) == ("ending", "submitted")
    assert anna.post(f"/api/attempts/{attempt}/resume").status_code == 409


def test_an_admins_acts_carry_their_name(store: Store, admin: httpx.Client) -> None:
    add_expert(store, "root", "admin")
    attempt = add_attempt(store, upto="started")
    more = {"seconds": 50, "reason": "network was down"}
    view = admin.post(f"/api/attempts/{attempt}/extend", json=more).json()
    assert view["remaining_seconds"] == 150.0
    view = admin.post(f"/api/attempts/{attempt}/end", json={"reason": "fire"}).json()
    assert view["ending"] == "ended_by_admin"
