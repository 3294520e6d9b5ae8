"""Who is let in, for how long, and where a login may lead."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from hub.errors import Unavailable
from hub.service.identity import (
    ASK_AGAIN_SECONDS,
    BELIEVE_WITHOUT_HUB_SECONDS,
    Identities,
)
from hub.store import Store
from hub.store.models import Person
from tests.hub.service.conftest import Service
from tests.hub.service.hub_stand_in import ADMIN, HubStandIn


def test_a_login_ends_on_the_page_that_was_asked_for(service: Service) -> None:
    client = service.client()
    leaving = client.get("/attempts/7?x=1")
    query = parse_qs(urlsplit(leaving.headers["location"]).query)
    service.hub.codes["c"] = (service.hub.add("anna"), query["code_challenge"][0])
    back = client.get("/oauth_callback", params={"code": "c", "state": query["state"][0]})
    assert back.headers["location"] == "/services/portal/attempts/7?x=1"
    assert "HttpOnly" in back.headers["set-cookie"]
    assert "SameSite=lax" in back.headers["set-cookie"]


def test_a_login_begun_in_another_browser_is_refused(service: Service) -> None:
    leaving = service.client().get("/")
    query = parse_qs(urlsplit(leaving.headers["location"]).query)
    service.hub.codes["c"] = (service.hub.add("anna"), query["code_challenge"][0])
    other = service.client()
    back = other.get("/oauth_callback", params={"code": "c", "state": query["state"][0]})
    assert back.status_code == 422
    assert not other.cookies


@pytest.mark.parametrize("path", ["https://elsewhere.example/", "//elsewhere.example", "/hub/x"])
def test_a_login_never_leads_elsewhere(service: Service, path: str) -> None:
    authentication = service.app.state.portal.authentication
    login = authentication.begin_login(path)
    query = parse_qs(urlsplit(login.url).query)
    service.hub.codes["c"] = (service.hub.add("anna"), query["code_challenge"][0])
    _, where, _ = authentication.finish_login(
        "c", query["state"][0], {login.cookie_name: login.cookie}
    )
    assert where == "/services/portal/"


def test_a_forged_session_cookie_is_no_login(service: Service) -> None:
    token = service.hub.add("anna")
    for value in (token, f'"{token}"', "", "x.y.z"):
        client = service.client(Cookie=f"portal-session={value}")
        assert client.get("/api/me").status_code == 401


def test_bearer_and_token_mean_the_same(service: Service) -> None:
    token = service.hub.add("anna")
    for scheme in ("token", "Bearer", "bearer"):
        answer = service.client(Authorization=f"{scheme} {token}").get("/api/me")
        assert answer.json() == {"name": "anna", "admin": False}


def test_only_the_custom_scope_makes_an_admin(service: Service) -> None:
    assert service.program("root", ADMIN).get("/api/me").json()["admin"] is True
    assert service.program("ben", "admin:users").get("/api/me").json()["admin"] is False


def test_a_token_without_access_to_the_portal_is_refused(service: Service) -> None:
    client = service.program("anna")
    service.hub.people["token-of-anna"]["scopes"] = ["read:users!user=anna"]
    assert client.get("/api/me").status_code == 403


def test_a_services_token_is_nobody(service: Service) -> None:
    client = service.program("portal")
    service.hub.people["token-of-portal"]["kind"] = "service"
    assert client.get("/api/me").status_code == 401


def test_a_disabled_account_is_out_at_once(service: Service, store: Store) -> None:
    browser = service.browser("anna")
    assert browser.get("/api/me").status_code == 200
    with store.write() as session:
        session.get_one(Person, "anna").disabled = True
    assert browser.get("/api/me").status_code == 403


def test_the_hub_is_asked_once_a_minute(hub: HubStandIn) -> None:
    clock = [0.0]
    with httpx.Client(base_url=f"http://127.0.0.1:{hub.port}/hub/api", trust_env=False) as client:
        identities = Identities(client, lambda: clock[0])
        token = hub.add("anna")
        for clock[0] in (0.0, 1.0, ASK_AGAIN_SECONDS - 1):
            assert identities.owner(token)["name"] == "anna"  # type: ignore[index]
        assert hub.questions == 1
        hub.people.clear()
        clock[0] = ASK_AGAIN_SECONDS
        assert identities.owner(token) is None


def test_a_logout_at_the_hub_is_noticed_at_once(hub: HubStandIn) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{hub.port}/hub/api", trust_env=False) as client:
        identities = Identities(client)
        token = hub.add("anna")
        assert identities.owner(token, "session-1") is not None
        hub.people.clear()
        assert identities.owner(token, "session-2") is None


def test_known_people_work_on_while_the_hub_is_down_but_not_for_ever() -> None:
    hub, clock = HubStandIn(), [0.0]
    address = f"http://127.0.0.1:{hub.port}/hub/api"
    with httpx.Client(base_url=address, trust_env=False) as client:
        identities = Identities(client, lambda: clock[0])
        token = hub.add("anna")
        identities.owner(token)
        hub.stop()
        clock[0] = BELIEVE_WITHOUT_HUB_SECONDS - 1
        assert identities.owner(token) is not None
        with pytest.raises(Unavailable):
            identities.owner("somebody new")
        clock[0] = BELIEVE_WITHOUT_HUB_SECONDS
        with pytest.raises(Unavailable):
            identities.owner(token)
