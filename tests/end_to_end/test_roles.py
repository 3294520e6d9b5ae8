"""The Hub's roles: what an expert and an admin may not do there, by its own API."""

from __future__ import annotations

import httpx
import pytest

from tests.end_to_end.portal import RunningPortal

pytestmark = pytest.mark.hub


def ask(portal: RunningPortal, client: httpx.Client, method: str, path: str) -> int:
    """Status of a Hub API call made from this person's browser session."""
    headers = {
        "X-XSRFToken": client.cookies.get("_xsrf", path="/hub/") or "",
        "Referer": f"{portal.url}/hub/home",
    }
    answer = client.request(method, f"/hub/api{path}", headers=headers, json={})
    return answer.status_code


def test_an_expert_cannot_start_servers_make_tokens_or_see_others(portal: RunningPortal) -> None:
    portal.add("lena")
    portal.add("max")
    with portal.client("max"), portal.client("lena") as client:
        assert ask(portal, client, "GET", "/user") == 200  # the call itself works
        assert ask(portal, client, "POST", "/users/lena/server") == 403
        assert ask(portal, client, "POST", "/users/lena/servers/a1") == 403
        assert ask(portal, client, "POST", "/users/lena/tokens") == 403
        assert ask(portal, client, "GET", "/users") == 403
        assert ask(portal, client, "GET", "/users/max") == 404
        assert ask(portal, client, "POST", "/groups/admins/users") in (403, 404)
        assert ask(portal, client, "GET", "/proxy") == 403
        assert ask(portal, client, "POST", "/shutdown") == 403
        assert client.get("/services/portal/admin").status_code == 403


def test_an_admin_sees_all_but_holds_no_power_over_the_hub(portal: RunningPortal) -> None:
    portal.add("nora")
    attempt = portal.assign("nora", "optimize_kernel")
    with portal.client("grace") as client:
        assert client.get("/services/portal/admin").status_code == 200
        assert portal.view(client, attempt)["expert"] == "nora"
        assert ask(portal, client, "GET", "/users") == 200
        assert ask(portal, client, "POST", "/users/eve") == 403
        assert ask(portal, client, "POST", "/users/nora/tokens") in (403, 404)
        assert ask(portal, client, "POST", "/shutdown") == 403
        assert portal.act(client, attempt, "start", consent=True).status_code == 403


def test_nobody_gets_in_without_the_right_password(portal: RunningPortal) -> None:
    portal.add("olga")
    with httpx.Client(base_url=portal.url, follow_redirects=True) as client:
        client.get("/hub/login")
        form = {"username": "olga", "password": "guess", "_xsrf": client.cookies["_xsrf"]}
        assert client.post("/hub/login", data=form).status_code == 403
        assert client.get("/services/portal/api/attempts").status_code == 401
