"""An enforcer for tests that kill it: looks at everything on a data folder, without a pause."""

from __future__ import annotations

from datetime import datetime
from threading import Event

from hub.lifecycle import Lifecycle
from hub.settings import Settings
from hub.store import open_store
from hub.watchdog import watch
from tests.hub.local_portal import LocalServers, Travel


def run(settings: Settings, moment: datetime) -> None:
    """Until it is killed; the clock stands at `moment`."""
    store, now = open_store(settings), Travel(moment)
    lifecycle = Lifecycle(settings, store, LocalServers(settings, store, now), now=now)
    watch(settings, store, Event(), lifecycle=lifecycle, now=now)
