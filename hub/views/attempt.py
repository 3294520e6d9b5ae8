"""An attempt as its reader may see it: clock, scores, requests, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from environments import registry
from environments.contract import Environment
from hub.attempts import Progress, State
from hub.clock import iso
from hub.store.database import Store
from hub.store.events import get_attempt, progress, progress_of_many
from hub.store.log import entries_of, entries_of_many, requests_of
from hub.store.models import Attempt, ScoreEntry, ScoreRequest, Server
from hub.store.requests import OPEN, expected_seconds
from hub.views.entry import Reader, View, best_view, counts, entry_view

REACHABLE = (State.PREPARING, State.READY, State.RUNNING)


def attempt_view(store: Store, attempt_id: int, now: datetime, *, for_admin: bool) -> View:
    """AttemptView. Raises `NotFound`. Does not ask who may see it: that is the caller's part."""
    with store.read() as session:
        attempt = get_attempt(session, attempt_id)
        entries = entries_of(session, attempt_id)
        reader = Reader.of(attempt, for_admin=for_admin)
        server = session.get(Server, attempt_id)
        view = _summary(
            attempt, progress(session, attempt), entries, server, described(attempt), reader, now
        )
        view["requests"] = _requests(session, attempt, now)
        view["entries"] = [entry_view(entry, reader) for entry in entries]
        return view


def attempts_view(
    store: Store, now: datetime, *, expert: str | None = None, for_admin: bool = False
) -> list[View]:
    """AttemptViews without requests and entries, newest first; of one expert or of all."""
    query = select(Attempt).order_by(Attempt.id.desc())
    if expert is not None:
        query = query.where(Attempt.expert == expert)
    known: dict[str, Environment | None] = {}
    with store.read() as session:
        attempts = list(session.scalars(query))
        progresses = progress_of_many(session, attempts)
        entries = entries_of_many(session, attempts)
        servers = {server.attempt_id: server for server in session.scalars(select(Server))}
        for attempt in attempts:
            if attempt.environment not in known:
                known[attempt.environment] = described(attempt)
        return [
            _summary(
                attempt, progresses[attempt.id], entries[attempt.id], servers.get(attempt.id),
                known[attempt.environment], Reader.of(attempt, for_admin=for_admin), now,
            )
            for attempt in attempts
        ]  # fmt: skip


def _summary(
    attempt: Attempt, done: Progress, entries: Sequence[ScoreEntry], server: Server | None,
    environment: Environment | None, reader: Reader, now: datetime,
) -> View:  # fmt: skip
    return {
        "id": attempt.id,
        "expert": attempt.expert,
        "environment": attempt.environment,
        "profile": attempt.profile,
        **_words(attempt, environment),
        **_clock(attempt, done, now),
        "isolation": attempt.guards.get("isolation"),
        "guards": attempt.guards,
        "score_shown": reader.shown,
        "starting_score": attempt.starting_score,
        "reference_score": attempt.reference_score,
        "score_spread": attempt.score_spread,
        "best": best_view(entries, environment, reader),
        "scores": sum(map(counts, entries)),
        "url": _lab_url(attempt, done, server),
        "problem": done.problem or _failed_scoring(entries),
    }


def _words(attempt: Attempt, environment: Environment | None) -> View:
    """What the environment says of itself; neutral words if its folder is gone or broken."""
    neutral = {"title": attempt.environment, "direction": "higher", "unit": "", "display": "plain"}
    return {key: getattr(environment, key, word) for key, word in neutral.items()}


def _clock(attempt: Attempt, done: Progress, now: datetime) -> View:
    pause = done.open_pause
    return {
        "state": done.state.value,
        "ending": done.ending.value if done.ending else None,
        "server_time": iso(now),
        "started_at": iso(done.started_at),
        "deadline": iso(done.deadline()),
        "working_seconds": done.working_seconds(now),
        "remaining_seconds": done.remaining_seconds(now),
        "budget_seconds": attempt.budget_seconds,
        "pause": pause and {"kind": pause.kind, "reason": pause.reason, "since": iso(pause.since)},
    }


def _requests(session: Session, attempt: Attempt, now: datetime) -> list[View]:
    """What is waiting or being scored. With its entry a request leaves this list."""
    waiting = [row for row in requests_of(session, attempt.id) if row.status in OPEN]
    if not waiting:
        return []
    expected = expected_seconds(session, attempt.environment, attempt.profile)
    return [_request(row, now, expected) for row in waiting]


def _request(row: ScoreRequest, now: datetime, expected: float | None) -> View:
    since = row.claimed_at if row.status == "running" and row.claimed_at else row.requested_at
    return {
        "index": row.index,
        "nonce": row.nonce,
        "kind": row.kind,
        "status": row.status,
        "stage": row.stage,
        "requested_at": iso(row.requested_at),
        "elapsed_seconds": max((now - since).total_seconds(), 0.0),  # in its present status
        "expected_seconds": expected,
    }


def _failed_scoring(entries: Sequence[ScoreEntry]) -> str | None:
    return entries[-1].message if entries and entries[-1].status == "failed" else None


def _lab_url(attempt: Attempt, done: Progress, server: Server | None) -> str | None:
    """JupyterLab's path below the public address, while it runs and is not frozen by a pause."""
    if server is None or server.stopped_at is not None or done.state not in REACHABLE:
        return None
    return f"/user/{quote(attempt.expert)}/{attempt.server_name}/lab"


def described(attempt: Attempt) -> Environment | None:
    """The attempt's environment, or None: the record stays readable without the folder."""
    try:
        return registry.load(attempt.environment)
    except (registry.UnknownEnvironment, registry.BadEnvironment):
        return None
