"""Ends the experts' notebook servers when the whole portal is taken down."""

from __future__ import annotations

from sqlalchemy import select

from hub.sandbox import SandboxedProcess
from hub.servers import HubServers
from hub.settings import Settings
from hub.store import open_store
from hub.store.models import Server


def living_servers(settings: Settings) -> list[int]:
    """Attempts whose notebook server has living processes."""
    if not (settings.root / "portal.db").exists():
        return []
    store = open_store(settings)
    try:
        with store.read() as session:
            rows = list(session.scalars(select(Server).where(Server.stopped_at.is_(None))))
    finally:
        store.close()
    return [row.attempt_id for row in rows if SandboxedProcess.from_state(row.process).alive()]


def stop_servers(settings: Settings) -> None:
    """End every living server. The attempts' clocks are not touched: this is no pause."""
    living = living_servers(settings)
    if not living:
        return
    store = open_store(settings)
    try:
        servers = HubServers(settings, store)
        for attempt_id in living:
            servers.stop(attempt_id)
    finally:
        store.close()
