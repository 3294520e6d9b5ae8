"""From assigned to ready: scale fixed, server answering, starting solution scored."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from environments import calibration, preparing, registry
from environments.calibration import Calibration
from environments.contract import Environment
from hub import gpus, hardware
from hub.attempt_server import make_folders
from hub.attempts import EventKind, State
from hub.errors import NotFound, Refused, Unavailable
from hub.guards import detect
from hub.means import PORTAL, Means
from hub.snapshots import SnapshotRefused
from hub.starting_score import starting_entry
from hub.store import events, leases
from hub.store.models import Attempt, AttemptEvent

log = logging.getLogger(__name__)

ACTIVE = ("preparing", "ready", "running", "paused", "ending")
START_PATIENCE_SECONDS = 120.0


def begin(means: Means, attempt_id: int, by: str) -> None:
    """`assigned → preparing`, with everything fixed that scores will rest on.

    Raises `Refused` if the environment is not prepared, the expert has another active attempt,
    or too few GPUs are free.
    """
    attempt, _ = means.look(attempt_id)
    environment = means.environment(attempt)
    scale = _scale(environment, means.assets(attempt))
    make_folders(means.settings, attempt_id)
    count, present = environment.profiles[attempt.profile].gpus, gpus.discover()
    fixed = {
        "environment_hash": registry.environment_hash(environment),
        "starting_score": scale.starting.mean,
        "score_spread": min(scale.starting.sd, scale.reference.sd),
        "reference_score": scale.reference.mean,
        "guards": detect(means.settings),
        "hardware": hardware.describe(means.settings),
    }
    with means.store.write() as session:
        attempt = events.get_attempt(session, attempt_id)
        _refuse_second(session, attempt)
        at = means.now()
        events.append(session, attempt, EventKind.PREPARING, at, by)
        leases.lease_within(session, attempt_id, count, present, at)
        for column, value in fixed.items():
            setattr(attempt, column, value)


def advance(means: Means, attempt: Attempt) -> None:
    """One step towards ready, or back to assigned with the reason."""
    try:
        entry = starting_entry(means, attempt, _preparing_since(means, attempt.id))
    except (NotFound, SnapshotRefused) as error:
        return fail(means, attempt.id, f"The starting solution cannot be used: {error.message}")
    if entry is not None and entry.status != "valid":
        return fail(means, attempt.id, f"The starting solution is {entry.status}: {entry.message}")
    if not _answers(means, attempt.id):
        return
    if entry is not None:
        means.servers.freeze(attempt.id)
        means.append_unless_done(attempt.id, EventKind.READY)


def fail(means: Means, attempt_id: int, reason: str) -> None:
    """Back to assigned: nothing runs, nothing is held."""
    log.warning("attempt %d could not be prepared: %s", attempt_id, reason)
    if means.append_unless_done(attempt_id, EventKind.PREPARE_FAILED, reason):
        leases.release(means.store, attempt_id)
        means.servers.stop(attempt_id)


def again(means: Means, attempt_id: int) -> None:
    """A ready attempt whose server ended: back to preparing."""
    reason = "The notebook server ended before the start."
    with means.store.write() as session:
        attempt = events.get_attempt(session, attempt_id)
        if attempt.state == State.READY:
            at = means.now()
            events.append(session, attempt, EventKind.PREPARE_FAILED, at, PORTAL, reason)
            events.append(session, attempt, EventKind.PREPARING, at, PORTAL, reason)


def _answers(means: Means, attempt_id: int) -> bool:
    """Whether the server is up; asks for it if not, and gives up after a while."""
    try:
        if means.servers.ready(attempt_id):
            return True
        means.servers.start(attempt_id)
    except Unavailable as error:
        log.warning("server of attempt %d: %s", attempt_id, error.log)
    since = _preparing_since(means, attempt_id)
    if (means.now() - since).total_seconds() > START_PATIENCE_SECONDS:
        seconds = f"{START_PATIENCE_SECONDS:.0f} seconds"
        fail(means, attempt_id, f"The notebook server did not answer within {seconds}.")
    return False


def _scale(environment: Environment, assets: Path) -> Calibration:
    hint = f"An admin runs: portal prepare {environment.name}"
    if not preparing.is_prepared(environment, assets):
        raise Refused(f"The environment {environment.name} is not prepared.", hint=hint)
    scale = calibration.load(assets)
    if scale is None:
        hint += f" and portal calibrate {environment.name}"
        raise Refused(f"The environment {environment.name} is not calibrated.", hint=hint)
    return scale


def _refuse_second(session: Session, attempt: Attempt) -> None:
    query = select(Attempt).where(
        Attempt.expert == attempt.expert, Attempt.id != attempt.id, Attempt.state.in_(ACTIVE)
    )
    other = session.scalars(query.limit(1)).first()
    if other is not None:
        raise Refused(
            f"{attempt.expert} already has attempt {other.id} ({other.environment}), which is"
            f" {other.state}.",
            hint="One attempt at a time: end that one first.",
        )


def _preparing_since(means: Means, attempt_id: int) -> datetime:
    query = select(func.max(AttemptEvent.at)).where(
        AttemptEvent.attempt_id == attempt_id, AttemptEvent.kind == EventKind.PREPARING
    )
    with means.store.read() as session:
        return session.scalars(query).one()
