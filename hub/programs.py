"""The supervised programs of the portal, each started by `portal run NAME`."""

from __future__ import annotations

import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable

from hub.errors import BadInput
from hub.program_lock import hold
from hub.settings import CHECKOUT, Settings

NAMES = ("proxy", "hub", "service", "worker", "watchdog")
WORKER = re.compile(r"worker_\d\d")


def run(settings: Settings, name: str, instance: str | None = None) -> None:
    """Be one program until it ends. `instance` tells workers apart: worker_00, worker_01 …

    Raises `BadInput` for an unknown name and `Refused` if the program already runs.
    """
    program = PROGRAMS.get(name)
    if program is None:
        raise BadInput(f"There is no program {name!r}.", hint=f"Programs: {', '.join(NAMES)}.")
    instance = instance or ("worker_00" if name == "worker" else name)
    if name == "worker" and WORKER.fullmatch(instance) is None:
        raise BadInput(f"{instance!r} is no worker's name.", hint="Wanted: worker_00 to worker_99.")
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    hold(settings, instance)
    program(settings, instance)


def instances(settings: Settings) -> list[tuple[str, str]]:
    """(name, instance) of everything that a running portal consists of."""
    workers = [("worker", f"worker_{number:02}") for number in range(settings.workers)]
    return [*((name, name) for name in NAMES if name != "worker"), *workers]


def _proxy(settings: Settings, instance: str) -> None:
    from hub import proxy_program

    sys.exit(proxy_program.run(settings))


def _hub(settings: Settings, instance: str) -> None:
    # jsonschema's optional IRI check builds a grammar at import (0.9 s); nothing here needs it.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    from jupyterhub.app import JupyterHub

    settings.hub_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.chdir(settings.hub_folder)
    JupyterHub.launch_instance(["-f", str(CHECKOUT / "jupyterhub_config.py")])


def _service(settings: Settings, instance: str) -> None:
    from hub.service.serving import serve

    serve(settings)


def _worker(settings: Settings, instance: str) -> None:
    from hub.scoring import work
    from hub.store import open_store

    work(settings, open_store(settings), instance, _stop_on_signal())


def _watchdog(settings: Settings, instance: str) -> None:
    from hub.store import open_store
    from hub.watchdog import watch

    watch(settings, open_store(settings), _stop_on_signal())


def _stop_on_signal() -> threading.Event:
    """Set at SIGTERM and SIGINT, so that the loop ends between two steps."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


PROGRAMS: dict[str, Callable[[Settings, str], None]] = {
    "proxy": _proxy,
    "hub": _hub,
    "service": _service,
    "worker": _worker,
    "watchdog": _watchdog,
}
