"""Which attempt holds which GPU: taken all or none, in one write transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.clock import Clock, utcnow
from hub.errors import Refused
from hub.gpus import Gpu, choose
from hub.store.database import Store
from hub.store.models import Attempt, GpuLease

HOLDING_STATES = ("preparing", "ready", "running", "paused", "ending")


def lease(
    store: Store, attempt_id: int, count: int, present: Collection[Gpu], now: Clock = utcnow
) -> list[Gpu]:
    """All `count` of the GPUs present, or `Refused` and none.

    What the attempt holds already it keeps, so a server that starts again finds its GPUs.
    """
    with store.write() as session:
        return lease_within(session, attempt_id, count, present, now())


def lease_within(
    session: Session, attempt_id: int, count: int, present: Collection[Gpu], at: datetime
) -> list[Gpu]:
    """`lease` as a part of the caller's write transaction."""
    taken = {row.uuid: row.attempt_id for row in session.scalars(select(GpuLease))}
    held = [gpu for gpu in present if taken.get(gpu.uuid) == attempt_id]
    free = [gpu for gpu in present if gpu.uuid not in taken]
    more = choose(max(count - len(held), 0), free)
    if more is None:
        raise Refused(
            f"{count} GPUs are needed; {len(held) + len(free)} of {len(present)} are free.",
            hint="Wait until another attempt has ended.",
        )
    session.add_all(GpuLease(uuid=gpu.uuid, attempt_id=attempt_id, since=at) for gpu in more)
    session.flush()
    return [*held, *more]


def release(store: Store, attempt_id: int) -> None:
    """Harmless when the attempt holds none."""
    with store.write() as session:
        release_within(session, attempt_id)


def release_within(session: Session, attempt_id: int) -> None:
    """`release` as a part of the caller's write transaction."""
    session.execute(delete(GpuLease).where(GpuLease.attempt_id == attempt_id))


def reconcile(store: Store) -> list[str]:
    """Frees what is held by attempts that can no longer use it; returns the freed UUIDs."""
    with store.write() as session:
        holding = select(Attempt.id).where(Attempt.state.in_(HOLDING_STATES))
        stale = list(session.scalars(select(GpuLease).where(GpuLease.attempt_id.not_in(holding))))
        for row in stale:
            session.delete(row)
        return [row.uuid for row in stale]
