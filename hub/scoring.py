"""The scorer worker: takes requests from the queue, scores their snapshots, writes the entries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from environments import registry
from environments.contract import ProgressReport
from environments.launching import Launcher
from environments.outcomes import Outcome
from environments.scoring import OURS, score_folder
from hub import snapshots
from hub.clock import Clock, utcnow
from hub.sandbox import launcher
from hub.scoring_lease import HEARTBEAT_SECONDS, Lease
from hub.scoring_record import Scorer, record
from hub.scratch import scratch
from hub.settings import Settings
from hub.store import heartbeats, requests
from hub.store.database import Store
from hub.store.models import Attempt
from hub.store.requests import Claim

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.2  # between two looks at an empty queue
STOPPED_TOO_OFTEN = (
    "The scorer stopped three times while it scored this solution. This is our fault: it does"
    " not count, and the time is credited."
)
NOT_COPIED = (
    "The solution could not be copied for scoring. This is our fault: it does not count, and the"
    " time is credited."
)


@dataclass(frozen=True)
class Job:
    """What is to be scored, and the means for it."""

    environment: str
    profile: str
    snapshot: str  # hash of its manifest
    folder: Path  # empty, ours, removed afterwards
    launch: Launcher
    progress: ProgressReport


Score = Callable[[Settings, Job], Outcome]


def work(
    settings: Settings,
    store: Store,
    name: str,
    stop: threading.Event,
    *,
    now: Clock = utcnow,
    score: Score | None = None,
) -> None:
    """Score until `stop` is set; then finish within a grace or give the request back."""
    scorer = Scorer.here(settings, name)
    with scratch(settings.run_folder / "scoring") as folder:
        while not stop.is_set():
            claim = requests.claim(store, name, now(), settings.lease_seconds)
            if claim is None:
                _rest(settings, store, name, stop, now)
                continue
            with Lease(store, claim, stop, now) as lease:
                outcome = _outcome(settings, store, claim, lease, folder, score or score_snapshot)
                if not lease.lost.is_set():
                    record(store, claim, outcome, scorer, now())


def _rest(settings: Settings, store: Store, name: str, stop: threading.Event, now: Clock) -> None:
    """Nothing to do: say so once, then look at the queue again a few times a second."""
    heartbeats.beat(store, name, now())
    for _ in range(round(HEARTBEAT_SECONDS / IDLE_SECONDS)):
        if stop.wait(IDLE_SECONDS) or requests.waiting(store, now(), settings.lease_seconds):
            return


def score_snapshot(settings: Settings, job: Job) -> Outcome:
    """Score a snapshot in a clean place, as any worker does it."""
    environment = registry.load(job.environment)
    solution = job.folder / "solution"
    snapshots.extract(settings, job.snapshot, solution)
    return score_folder(
        environment,
        environment.profiles[job.profile],
        solution,
        settings.assets_folder(job.environment, job.profile),
        job.launch,
        progress=job.progress,
    )


def scoring_uid(settings: Settings, request_id: int) -> int:
    """The uid of one scoring: no attempt's, and no other's that may run beside it."""
    return settings.first_uid + 100_000 + request_id % 90_000


def _outcome(
    settings: Settings, store: Store, claim: Claim, lease: Lease, scratch_folder: Path, score: Score
) -> Outcome:
    if claim.refusal is not None:
        return Outcome("invalid", None, None, claim.refusal, 0.0)
    if claim.exhausted:
        return Outcome("failed", None, None, STOPPED_TOO_OFTEN, claim.age_seconds)
    if claim.snapshot is None:
        return Outcome("failed", None, None, NOT_COPIED, claim.age_seconds)
    with store.read() as session:
        attempt = session.get_one(Attempt, claim.attempt_id)
    name = f"score-{claim.request_id}-{claim.number}"
    launch = launcher(settings, scoring_uid(settings, claim.request_id), name)
    with TemporaryDirectory(dir=scratch_folder) as folder:
        job = Job(
            attempt.environment, attempt.profile, claim.snapshot, Path(folder),
            lease.watching(launch), lease.progress,
        )  # fmt: skip
        try:
            return score(settings, job)
        except Exception as error:
            # Whatever breaks here is ours, and the next request must still be scored.
            log.exception("scoring of request %d broke", claim.request_id)
            return Outcome("failed", None, None, OURS, 0.0, {"log": repr(error)})
