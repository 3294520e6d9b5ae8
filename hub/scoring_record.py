"""The end of a scoring: its entry in the log, and the time that a fault of ours gives back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from environments import registry, scale
from environments.outcomes import Outcome
from hub import hardware
from hub.attempts import EventKind
from hub.errors import Refused
from hub.guards import detect
from hub.means import PORTAL
from hub.settings import Settings
from hub.store import events, requests
from hub.store.database import Store
from hub.store.log import write_entry
from hub.store.models import Attempt, ScoreRequest
from hub.store.requests import Claim

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scorer:
    """Who scores, and under which conditions: recorded with each entry."""

    name: str
    hardware: Mapping[str, Any]
    guards: Mapping[str, Any]

    @staticmethod
    def here(settings: Settings, name: str) -> Scorer:
        return Scorer(name, hardware.describe(settings), detect(settings))


def record(store: Store, claim: Claim, outcome: Outcome, scorer: Scorer, at: datetime) -> bool:
    """Write the entry, once. False, and nothing written, if the request is not ours any more."""
    with store.write() as session:
        request = requests.held(session, claim)
        if request is None:
            return False
        attempt = session.get_one(Attempt, claim.attempt_id)
        write_entry(
            session, request, normalized(outcome, attempt), environment_hash=_hash(attempt),
            worker=scorer.name, hardware=scorer.hardware, guards=scorer.guards, at=at,
        )  # fmt: skip
        if outcome.status == "failed":
            _credit(session, attempt, request, outcome, at)
        return True


def normalized(outcome: Outcome, attempt: Attempt) -> Outcome:
    """On the scale that was fixed when the attempt was prepared, whatever was measured since."""
    start, reference = attempt.starting_score, attempt.reference_score
    if outcome.score is None or start is None or reference is None:
        return outcome
    score = scale.normalize(outcome.score, start, reference)
    return replace(outcome, normalized_score=score)


def _credit(
    session: Session, attempt: Attempt, request: ScoreRequest, outcome: Outcome, at: datetime
) -> None:
    """Extends the attempt by the length of the failed scoring, where a clock was running."""
    log.error("request %d of attempt %d failed: %s", request.id, attempt.id, outcome.details)
    if request.kind != "requested" or outcome.scoring_seconds <= 0:
        return
    reason = f"The scorer failed on score {request.index}."
    data = {
        "seconds": outcome.scoring_seconds, "kind": "scorer-failure", "request": request.id,
    }  # fmt: skip
    try:
        events.append(session, attempt, EventKind.EXTENDED, at, PORTAL, reason, data)
    except Refused:
        log.info("attempt %d is over; its failed scoring is not credited", attempt.id)


def _hash(attempt: Attempt) -> str:
    """Of the rules as they are now; those of the preparation if the folder is gone."""
    try:
        return registry.environment_hash(registry.load(attempt.environment))
    except registry.UnknownEnvironment:
        return attempt.environment_hash or ""
