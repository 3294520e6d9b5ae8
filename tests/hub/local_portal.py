"""A portal without Hub and pages: real files, real processes, a clock that can travel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import select

from environments import calibration, registry
from environments.calibration import Calibration, Spread
from environments.outcomes import Outcome
from hub.attempt_server import AttemptServer, attempt_uid, make_folders, record_started
from hub.attempts import Progress, State
from hub.lifecycle import Lifecycle
from hub.sandbox import Sandbox, SandboxedProcess, start
from hub.scoring_record import Scorer, record
from hub.servers import HubServers
from hub.settings import Settings
from hub.store import Store, open_store, requests
from hub.store.events import events_of, get_attempt, progress
from hub.store.models import AttemptEvent, Heartbeat, ScoreEntry, ScoreRequest, Server
from tests.hub.records import add_expert

ENVIRONMENT, PROFILE = "optimize_kernel", "small"
COUNT = "number=0; while true; do number=$((number+1)); echo $number > count; sleep 0.02; done"
SCORER = Scorer("test-worker", {}, {})


@dataclass
class Travel:
    """A clock that stands until it is told to go on."""

    moment: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class LocalServers(HubServers):
    """Starts a counting process where the Hub would start JupyterLab; all the rest is real."""

    def __init__(self, settings: Settings, store: Store, now: Travel) -> None:
        super().__init__(settings, store, now)
        self.settings = settings
        self.starts = True  # False: a machine on which nothing comes up
        self.started: list[SandboxedProcess] = []

    def start(self, attempt_id: int) -> None:
        if not self.starts or self.alive(attempt_id):
            return
        folder = make_folders(self.settings, attempt_id)
        sandbox = Sandbox(
            name=f"test-{attempt_id}-{len(self.started)}", dies_with_parent=False,
            uid=attempt_uid(self.settings, attempt_id),
            writable={"/home/expert": folder / "workspace"},
        )  # fmt: skip
        process = start(self.settings, sandbox, ["sh", "-c", COUNT])
        self.started.append(process)
        server = AttemptServer(process, None, 1)
        record_started(self._store, self.settings, attempt_id, server, self._now)

    def ready(self, attempt_id: int) -> bool:
        return self.alive(attempt_id)

    def _ask(self, method: str, attempt_id: int) -> httpx.Response:
        return httpx.Response(204)

    def end_all(self) -> None:
        for process in self.started:
            process.kill()


@dataclass
class LocalPortal:
    """What a test needs of a portal."""

    settings: Settings
    store: Store
    now: Travel = field(default_factory=Travel)
    servers: LocalServers = field(init=False)
    lifecycle: Lifecycle = field(init=False)

    def __post_init__(self) -> None:
        self.servers = LocalServers(self.settings, self.store, self.now)
        self.lifecycle = Lifecycle(self.settings, self.store, self.servers, now=self.now)

    def assign(self, expert: str = "anna", budget_seconds: float = 100.0) -> int:
        add_expert(self.store, expert)
        return self.lifecycle.assign(expert, ENVIRONMENT, PROFILE, budget_seconds, "root")

    def ready(self, expert: str = "anna", budget_seconds: float = 100.0) -> int:
        """A new attempt, ready to start."""
        attempt_id = self.assign(expert, budget_seconds)
        self.lifecycle.prepare(attempt_id, expert)
        self.look(attempt_id)
        self.score()
        self.look(attempt_id)
        return attempt_id

    def running(self, expert: str = "anna", budget_seconds: float = 100.0) -> int:
        attempt_id = self.ready(expert, budget_seconds)
        self.lifecycle.start(attempt_id, expert)
        return attempt_id

    def look(self, attempt_id: int, times: int = 2) -> None:
        """What the enforcers do twice a second."""
        for _ in range(times):
            self.lifecycle.advance(attempt_id)

    def score(self, outcome: Outcome | None = None) -> int:
        """Does a worker's part for everything in the queue; returns how many."""
        done = 0
        while (claim := requests.claim(self.store, "test-worker", self.now(), 15)) is not None:
            result = outcome or Outcome("valid", 2.0, None, "fine", 1.5)
            if claim.refusal is not None:
                result = Outcome("invalid", None, None, claim.refusal, 0.0)
            record(self.store, claim, result, SCORER, self.now())
            done += 1
        return done

    def progress(self, attempt_id: int) -> Progress:
        with self.store.read() as session:
            return progress(session, get_attempt(session, attempt_id))

    def state(self, attempt_id: int) -> State:
        return self.progress(attempt_id).state

    def events(self, attempt_id: int) -> list[AttemptEvent]:
        with self.store.read() as session:
            return events_of(session, get_attempt(session, attempt_id))

    def entries(self, attempt_id: int) -> list[ScoreEntry]:
        query = select(ScoreEntry).where(ScoreEntry.attempt_id == attempt_id)
        with self.store.read() as session:
            return list(session.scalars(query.order_by(ScoreEntry.index)))

    def requests(self, attempt_id: int) -> list[ScoreRequest]:
        query = select(ScoreRequest).where(ScoreRequest.attempt_id == attempt_id)
        with self.store.read() as session:
            return list(session.scalars(query.order_by(ScoreRequest.index)))

    def server(self, attempt_id: int) -> Server:
        with self.store.read() as session:
            return session.get_one(Server, attempt_id)

    def heard(self, part: str) -> datetime:
        with self.store.read() as session:
            return session.get_one(Heartbeat, part).at

    def folder(self, attempt_id: int) -> Path:
        return self.settings.attempt_folder(attempt_id)

    def count(self, attempt_id: int) -> str:
        """What the counting process wrote last."""
        file = self.folder(attempt_id) / "workspace" / "count"
        return file.read_text() if file.exists() else ""


@contextmanager
def opened(settings: Settings) -> Iterator[LocalPortal]:
    """A portal on an existing data folder; ends what it started."""
    store = open_store(settings)
    portal = LocalPortal(settings, store)
    try:
        yield portal
    finally:
        portal.servers.end_all()
        store.close()


def lay_assets(settings: Settings) -> None:
    """The environment as `portal prepare` and `portal calibrate` leave it, less its data."""
    environment = registry.load(ENVIRONMENT)
    assets = settings.assets_folder(ENVIRONMENT, PROFILE)
    (assets / "public").mkdir(parents=True)
    (assets / "private").mkdir()
    (assets / "public" / "data.txt").write_text("public")
    (assets / "private" / "secret.txt").write_text("private")
    prepared = {"environment_hash": registry.environment_hash(environment)}
    (assets / "prepared.json").write_text(json.dumps(prepared))
    ends = Spread.of([2.0]), Spread.of([1.0])
    calibration.save(assets, Calibration(ENVIRONMENT, PROFILE, *ends, scoring_seconds=1.0))
