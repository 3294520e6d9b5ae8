"""From ending to finished: stand still, final snapshot and score, no server, nothing held."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import select

from hub import score_requests
from hub.attempts import Ending, EventKind, Progress
from hub.errors import Unavailable
from hub.means import Means
from hub.store import leases
from hub.store.models import Attempt, ScoreRequest
from hub.store.requests import COPY_PATIENCE_SECONDS, OPEN
from hub.turns import turn

log = logging.getLogger(__name__)

ANSWER_SECONDS = 0.5  # lets the answer to Submit or Pause pass through the server it concerns
TURN_PATIENCE_SECONDS = 2.0
ASKED_BY_EXPERT = (Ending.SUBMITTED, Ending.GAVE_UP)


def advance(means: Means, attempt: Attempt, progress: Progress) -> None:
    """Every step that is still missing; each is harmless twice and resumes after a crash."""
    if _answer_under_way(means, progress):
        return
    _stand_still(means, attempt.id)
    try:
        _request_last_scores(means, attempt, progress)
    finally:  # the limit holds, whatever became of the copy: it needs the files, not the server
        if means.servers.alive(attempt.id):
            means.servers.stop(attempt.id)
    if not _scores_open(means, attempt.id):
        leases.release(means.store, attempt.id)
        means.append_unless_done(attempt.id, EventKind.FINISHED)


def _answer_under_way(means: Means, progress: Progress) -> bool:
    if progress.ended_at is None or progress.ending not in ASKED_BY_EXPERT:
        return False
    return (means.now() - progress.ended_at).total_seconds() < ANSWER_SECONDS


def _stand_still(means: Means, attempt_id: int) -> None:
    """Nothing may write after the limit: what cannot be frozen is ended at once."""
    try:
        means.servers.freeze(attempt_id)
    except Unavailable as error:
        log.error("attempt %d is stopped without being frozen: %s", attempt_id, error.log)
        means.servers.stop(attempt_id)


def _request_last_scores(means: Means, attempt: Attempt, progress: Progress) -> None:
    """Copies for what was asked before the end, then the final request with its own copy."""
    if progress.started_at is None or progress.ended_at is None:
        return
    score_requests.complete(means, attempt.id, patience_seconds=TURN_PATIENCE_SECONDS)
    if _has_final(means, attempt.id):
        return
    with turn(means.settings.attempt_folder(attempt.id), TURN_PATIENCE_SECONDS):
        if not _has_final(means, attempt.id):
            _add_final(means, attempt, progress, progress.ended_at)


def _add_final(means: Means, attempt: Attempt, progress: Progress, at: datetime) -> None:
    try:
        snapshot, refusal = score_requests.copy_solution(means, attempt.id)
    except (OSError, RuntimeError, Unavailable):
        if (means.now() - at).total_seconds() < COPY_PATIENCE_SECONDS:
            raise  # the next look tries again
        log.exception("the final solution of attempt %d cannot be copied", attempt.id)
        snapshot, refusal = None, None  # a worker writes the failed entry
    seconds, final = progress.working_seconds(at), score_requests.FINAL
    with means.store.write() as session:
        score_requests.add(session, attempt, final, final, at, seconds, snapshot, refusal)


def _has_final(means: Means, attempt_id: int) -> bool:
    query = select(ScoreRequest.id).where(
        ScoreRequest.attempt_id == attempt_id, ScoreRequest.nonce == score_requests.FINAL
    )
    with means.store.read() as session:
        return session.scalars(query).first() is not None


def _scores_open(means: Means, attempt_id: int) -> bool:
    query = select(ScoreRequest.id).where(
        ScoreRequest.attempt_id == attempt_id, ScoreRequest.status.in_(OPEN)
    )
    with means.store.read() as session:
        return session.scalars(query).first() is not None
