"""Signs of life of the portal's parts."""

from __future__ import annotations

from datetime import datetime

from hub.store.database import Store
from hub.store.models import Heartbeat


def beat(store: Store, part: str, at: datetime) -> None:
    """This part was alive at `at`."""
    with store.write() as session:
        session.merge(Heartbeat(part=part, at=at))
