"""Who may do what in the Hub: least privilege, attacked in tests/end_to_end/test_roles.py.

Experts cannot start servers, make tokens or share; the portal service starts and stops servers of
experts only; admins watch and stop, but do not hold the Hub's own admin role.
"""

from __future__ import annotations

from typing import Any

ADMIN_SCOPE = "custom:portal:admin"
CUSTOM_SCOPES = {ADMIN_SCOPE: {"description": "see and steer all attempts"}}

ROLES: list[dict[str, Any]] = [
    {"name": "user", "scopes": [
        "access:services!service=portal", "access:servers!user", "read:users!user",
        "read:servers!user", "users:activity!user"]},
    {"name": "server", "scopes": [
        "users:activity!user", "access:servers!server", "access:services!service=portal"]},
    {"name": "portal-service", "services": ["portal"], "scopes": [
        "list:users", "read:users:name", "read:users:groups", "read:servers",
        "read:users:activity", "start:servers!group=experts",
        "delete:servers!group=experts"]},
    {"name": "proxy-sync", "services": ["proxy-sync"], "scopes": ["proxy"]},
    {"name": "portal-admin", "groups": ["admins"], "scopes": [
        "list:users", "read:servers", "read:users:activity", "delete:servers!group=experts",
        "access:services!service=portal", ADMIN_SCOPE]},
]  # fmt: skip


def services(service_url: str, service_token: str, sync_token: str) -> list[dict[str, Any]]:
    """The external services: the portal itself and the runner that restores proxy routes."""
    portal = {
        "name": "portal", "url": service_url, "api_token": service_token, "admin": False,
        "oauth_no_confirm": True, "display": False,
        "oauth_client_allowed_scopes": [ADMIN_SCOPE],
        "oauth_redirect_uri": "/services/portal/oauth_callback",
    }  # fmt: skip
    return [portal, {"name": "proxy-sync", "api_token": sync_token}]
