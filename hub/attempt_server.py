"""The notebook server of one attempt: its sandbox, its relay, its place in the record.

Knows nothing of JupyterHub; `hub.spawner` translates.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hub.clock import Clock, utcnow
from hub.guards import detect
from hub.sandbox import Sandbox, SandboxedProcess, start
from hub.sandbox.mode import isolation_mode
from hub.sandbox.process import Identity
from hub.sandbox.relays import start_relay
from hub.settings import CHECKOUT, Settings
from hub.store.database import Store
from hub.store.models import Attempt, Server

INSIDE_PORT = 8888
HOME, ENVIRONMENT, LAUNCHER = "/home/expert", "/environment", "/portal/singleuser.py"
INSIDE = CHECKOUT / "hub" / "sandbox" / "inside"


def outward_ports(settings: Settings) -> tuple[int, int]:
    """All that a server may reach on the host: the Hub's API and the portal service."""
    return settings.hub_port, settings.service_port


@dataclass(frozen=True)
class AttemptServer:
    """What runs for an attempt: the sandbox, and the relay that makes it reachable."""

    process: SandboxedProcess
    relay: Identity | None  # None without a sandbox: the server listens on the host itself
    port: int  # on the host's loopback

    def alive(self) -> bool:
        return self.process.alive()

    def to_state(self) -> dict[str, Any]:
        relay = asdict(self.relay) if self.relay else None
        return {"process": self.process.to_state(), "relay": relay, "port": self.port}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> AttemptServer:
        relay = Identity(**state["relay"]) if state["relay"] else None
        return cls(SandboxedProcess.from_state(state["process"]), relay, state["port"])


def attempt_uid(settings: Settings, attempt_id: int) -> int:
    """The reserved uid of an attempt. Used as root only; else the operator's own counts."""
    return settings.first_uid + attempt_id % 100_000


def make_folders(settings: Settings, attempt_id: int) -> Path:
    """The attempt's folder with `workspace/` (the expert's) and `environment/` (ours)."""
    folder = settings.attempt_folder(attempt_id)
    for name in ("workspace", "environment"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    workspace = folder / "workspace"
    workspace.chmod(0o700)
    if isolation_mode(settings) == "root":
        uid = attempt_uid(settings, attempt_id)
        os.chown(workspace, uid, uid)
    return folder


def server_sandbox(
    settings: Settings, attempt: Attempt, memory_bytes: int, devices: Sequence[str]
) -> Sandbox:
    """The positive list of an expert's server: workspace, what was delivered, the launcher."""
    folder = make_folders(settings, attempt.id)
    return Sandbox(
        name=f"attempt-{attempt.id}-{os.urandom(3).hex()}",
        uid=attempt_uid(settings, attempt.id),
        read_only={ENVIRONMENT: folder / "environment", LAUNCHER: INSIDE / "singleuser.py"},
        writable={HOME: folder / "workspace"},
        devices=devices,
        memory_bytes=memory_bytes,
        processes=1024,
        dies_with_parent=False,
    )


def launch(
    settings: Settings, sandbox: Sandbox, arguments: Sequence[str],
    environment: Mapping[str, str], log: Path, host_port: int,
) -> AttemptServer:  # fmt: skip
    """Starts the notebook server. It outlives this process; the relay ends with it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(settings.expert_python), "-I", LAUNCHER, *arguments]
    with log.open("ab") as file:
        process = start(settings, sandbox, words, environment=environment,
                        stdout=file, stderr=file)  # fmt: skip
    if process.mode == "none":
        return AttemptServer(process, None, host_port)
    relay, port = start_relay(process, 0, INSIDE_PORT, outward_ports(settings))
    return AttemptServer(process, relay, port)


async def wait_until_answering(server: AttemptServer, path: str, timeout_seconds: float) -> bool:
    """True once the server inside answers HTTP; False if it ended or the time is over.

    A tight loop: the Hub's own back-off may notice a ready server four seconds late.
    """
    deadline = asyncio.get_running_loop().time() + timeout_seconds
    while asyncio.get_running_loop().time() < deadline and server.alive():
        if await _answers(server.port, path):
            return True
        await asyncio.sleep(0.05)
    return False


async def _answers(port: int, path: str) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return (await asyncio.wait_for(reader.read(5), 5)).startswith(b"HTTP/")
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def record_started(
    store: Store, settings: Settings, attempt_id: int, server: AttemptServer, now: Clock = utcnow
) -> None:
    """Writes the Server row, so that any part of the portal can freeze and end the sandbox."""
    with store.write() as session:
        row = session.get(Server, attempt_id) or Server(attempt_id=attempt_id)
        row.process, row.port = server.process.to_state(), server.port
        row.started_at, row.stopped_at, row.frozen_at = now(), None, None
        session.add(row)
        attempt = session.get(Attempt, attempt_id)
        if attempt is not None:
            attempt.guards = detect(settings)


def record_stopped(store: Store, attempt_id: int, now: Clock = utcnow) -> None:
    with store.write() as session:
        row = session.get(Server, attempt_id)
        if row is not None and row.stopped_at is None:
            row.stopped_at = now()
