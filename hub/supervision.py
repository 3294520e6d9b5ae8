"""Starts, watches and stops the portal's programs by supervisord, one for each data folder."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Error, ServerProxy

import httpx
import psutil
from supervisor.xmlrpc import SupervisorTransport

from hub import program_lock, supervisor_config
from hub.errors import Unavailable
from hub.program_lock import supervisor
from hub.programs import instances
from hub.settings import CHECKOUT, Settings

STOP_SECONDS = 40.0  # programs stop side by side, 10 s each at most


@dataclass(frozen=True)
class ProgramState:
    """One line of `portal status`."""

    program: str
    state: str  # supervisord's word: RUNNING, BACKOFF …
    pid: int | None
    seconds: int  # in this state


def start(settings: Settings) -> bool:
    """Make every program run; True if a supervisor had to be started.

    One that runs with another configuration (ports, workers) is replaced. Experts' servers are
    not the supervisor's children and notice nothing.
    """
    config = write_config(settings)
    if supervisor(settings) is not None:
        if not config.changed and _start_stopped(settings):
            return False
    stop(settings)
    _refuse_taken_ports(settings)
    done = subprocess.run(
        _command(config.path), env=_environment(settings), cwd=CHECKOUT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise Unavailable(
            "The supervisor of the portal's programs did not start.",
            hint=(done.stderr or done.stdout).strip() or f"See {settings.logs_folder}.",
        )
    return True


def become(settings: Settings) -> None:
    """Turn this process into the supervisor (for systemd or a container). Does not return."""
    config = write_config(settings)
    stop(settings)
    _refuse_taken_ports(settings)
    os.chdir(CHECKOUT)
    words = [*_command(config.path), "-n"]
    os.execve(words[0], words, _environment(settings))


def stop(settings: Settings) -> bool:
    """Stop the programs and their supervisor, also what a dead supervisor left behind.

    False if nothing ran. Experts' servers go on.
    """
    pid, before = supervisor(settings), program_lock.holders(settings)
    if pid is not None:
        process = psutil.Process(pid)
        process.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs([process], timeout=STOP_SECONDS)
        for left in alive:
            left.kill()
    program_lock.end(program_lock.holders(settings).values())
    return pid is not None or bool(before)


def programs(settings: Settings) -> list[ProgramState]:
    """What the supervisor knows of its programs; empty if it does not run."""
    if supervisor(settings) is None:
        return []
    found: Any = _ask(settings, "getAllProcessInfo")
    return [
        ProgramState(
            one["name"], one["statename"], one["pid"] or None, max(0, one["now"] - one["start"])
        )
        for one in found
    ]


def answering(settings: Settings) -> dict[str, bool]:
    """Whether proxy, Hub and service answer HTTP, the latter two through the proxy."""
    pages = {
        "proxy": f"{settings.public_url}/",
        "hub": f"{settings.public_url}/hub/api/",
        "service": f"{settings.public_url}/services/portal/healthz",
    }
    with httpx.Client(timeout=3, trust_env=False) as client:
        return {name: _answers(client, name, url) for name, url in pages.items()}


def wait_until_running(settings: Settings, timeout_seconds: float) -> list[str]:
    """The programs that are still not up when the time is over; empty is good.

    Up: started by the living supervisor, and answering HTTP where it has an address. An orphan
    that still answers does not count, since it is about to be replaced.
    """
    deadline = time.monotonic() + timeout_seconds
    wanted = {instance for _, instance in instances(settings)}
    while True:
        missing = sorted(wanted - program_lock.in_charge(settings))
        missing = missing or [name for name, up in answering(settings).items() if not up]
        if not missing or time.monotonic() > deadline:
            return missing
        time.sleep(0.3)


@dataclass(frozen=True)
class WrittenConfig:
    path: Path
    changed: bool  # against the one that the running supervisor has read


def write_config(settings: Settings) -> WrittenConfig:
    """`run/supervisord.conf` for these settings."""
    for folder in (settings.run_folder, settings.logs_folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = settings.run_folder / "supervisord.conf"
    wanted = supervisor_config.text(settings)
    changed = not path.exists() or path.read_text() != wanted
    if changed:
        path.write_text(wanted)
    return WrittenConfig(path, changed)


def _refuse_taken_ports(settings: Settings) -> None:
    """Raises `Unavailable` if a stranger listens where we would."""
    places = [(settings.address, settings.port)]
    internal = (settings.proxy_api_port, settings.hub_port, settings.service_port)
    for host, port in [*places, *(("127.0.0.1", port) for port in internal)]:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (OSError, OverflowError) as error:
                raise Unavailable(
                    f"The portal cannot listen on {host}, port {port}: {error}.",
                    hint=f"Choose the first of four free ports: PORTAL_PORT={settings.port + 100}.",
                ) from error


def _command(config: Path) -> list[str]:
    # -E: the operator's PYTHON… variables do not reach the programs' supervisor.
    return [sys.executable, "-E", "-W", "ignore", "-m", "supervisor.supervisord",
            "--configuration", str(config)]  # fmt: skip


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **supervisor_config.portal_variables(settings, os.environ)}


def _start_stopped(settings: Settings) -> bool:
    """Start what an operator or a crash left stopped; False if the supervisor does not listen."""
    try:
        _ask(settings, "startAllProcesses", False)
    except Unavailable:
        return False
    return True


def _ask(settings: Settings, method: str, *arguments: Any) -> Any:
    address = f"unix://{supervisor_config.socket_path(settings)}"
    transport = SupervisorTransport(None, None, serverurl=address)
    try:
        with ServerProxy("http://127.0.0.1", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)
    except (OSError, Error, http.client.HTTPException) as error:
        raise Unavailable("The supervisor does not answer.", log=repr(error)) from error


def _answers(client: httpx.Client, name: str, url: str) -> bool:
    try:
        status = client.get(url).status_code
    except httpx.TransportError:
        return False
    return name == "proxy" or status == 200
