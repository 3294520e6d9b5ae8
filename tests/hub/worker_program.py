"""A scorer worker for tests that kill it: the real loop, with a scoring of a few milliseconds."""

from __future__ import annotations

import random
import threading
import time

from environments.outcomes import Outcome
from hub.scoring import Job, work
from hub.settings import Settings
from hub.store import open_store

SECONDS_AT_MOST = 0.3


def score(settings: Settings, job: Job) -> Outcome:
    job.progress("timing")
    (job.folder / "left-behind").write_text("x")
    time.sleep(random.random() * SECONDS_AT_MOST)
    return Outcome("valid", 2.0, None, "fine", 0.1)


def run(settings: Settings, name: str) -> None:
    work(settings, open_store(settings), name, threading.Event(), score=score)
