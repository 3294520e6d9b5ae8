"""JupyterHub's spawner for attempts: a thin translation of its calls to `hub.attempt_server`."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import Iterable
from typing import Any

from jupyterhub.spawner import Spawner, SpawnException

from environments import registry
from hub import attempt_server, gpus
from hub.attempt_server import AttemptServer
from hub.sandbox.mode import isolation_mode
from hub.sandbox.relays import reap_ended, start_relay
from hub.settings import CHECKOUT, Settings
from hub.store.database import open_store
from hub.store.leases import lease
from hub.store.models import Attempt

MAY_RUN = ("preparing", "ready", "running", "paused")
PANEL = CHECKOUT / "extensions" / "score_panel" / "labextensions"
SERVER_OPTIONS = (
    "--ServerApp.jpserver_extensions=score_panel=True",
    "--ServerApp.jpserver_extensions=jupyter_lsp=False",
    f"--LabApp.extra_labextensions_path={PANEL}",
    "--LabApp.extension_manager=readonly",
    "--LabApp.news_url=",
    "--ServerApp.default_url=/lab",
)


class AttemptSpawner(Spawner):  # type: ignore[misc]
    """One named server `a<ID>` for one attempt, in the sandbox. Refuses everything else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = Settings()
        self.store = open_store(self.settings)
        self.running: AttemptServer | None = None

    async def start(self) -> tuple[str, int]:
        attempt = self._attempt()
        devices = await asyncio.to_thread(self._lease, attempt)
        server = await asyncio.to_thread(self._launch, attempt, devices)
        self.running = server
        attempt_server.record_started(self.store, self.settings, attempt.id, server)
        path = f"{self.server.base_url}api"
        if not await attempt_server.wait_until_answering(server, path, self.start_timeout - 5):
            await self.stop()
            raise SpawnException(
                "The notebook server did not start. An admin can read why in its log.",
                reason="server-did-not-answer",
                log_message=f"attempt {attempt.id}: see {self._log()}",
            )
        return ("127.0.0.1", server.port)

    async def poll(self) -> int | None:
        """None while it runs. Brings back a relay that was killed."""
        reap_ended()
        if self.running is None or not await asyncio.to_thread(self.running.alive):
            return 0
        relay = self.running.relay
        if relay is not None and not relay.alive():
            await asyncio.to_thread(self._restore_relay, self.running)
        return None

    async def stop(self, now: bool = False) -> None:
        """Ends every process of the sandbox, also detached ones; files stay."""
        if self.running is not None:
            await asyncio.to_thread(self.running.process.kill)
        attempt_server.record_stopped(self.store, self._attempt_id())
        self.running = None

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = super().get_state()
        if self.running is not None:
            state["attempt_server"] = self.running.to_state()
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        if "attempt_server" in state:
            self.running = AttemptServer.from_state(state["attempt_server"])

    def clear_state(self) -> None:
        super().clear_state()
        self.running = None

    def _attempt_id(self) -> int:
        match = re.fullmatch(r"a(\d+)", self.name or "")
        if match is None:
            raise SpawnException(
                "Servers are started from the portal's page of an attempt.", reason="no-attempt"
            )
        return int(match.group(1))

    def _attempt(self) -> Attempt:
        with self.store.read() as session:
            attempt = session.get(Attempt, self._attempt_id())
        if attempt is None or attempt.expert != self.user.name:
            raise SpawnException("This attempt does not exist.", reason="no-attempt")
        if attempt.state not in MAY_RUN:
            raise SpawnException(
                f"This attempt is {attempt.state}; its server does not start.",
                reason="attempt-closed",
            )
        return attempt

    def _lease(self, attempt: Attempt) -> Iterable[str]:
        profile = registry.load(attempt.environment).profiles[attempt.profile]
        devices = lease(self.store, attempt.id, profile.gpus, gpus.discover())
        return gpus.device_nodes(devices)

    def _launch(self, attempt: Attempt, devices: Iterable[str]) -> AttemptServer:
        profile = registry.load(attempt.environment).profiles[attempt.profile]
        sandbox = attempt_server.server_sandbox(
            self.settings, attempt, profile.memory_bytes, list(devices)
        )
        port = attempt_server.INSIDE_PORT
        if isolation_mode(self.settings) == "none":
            port = _free_port()
        environment = self._environment(attempt, port)
        return attempt_server.launch(
            self.settings, sandbox, self._arguments(), environment, self._log(), port
        )

    def _arguments(self) -> list[str]:
        words = [*SERVER_OPTIONS, f"--ServerApp.root_dir={attempt_server.HOME}"]
        if isolation_mode(self.settings) == "none" and os.geteuid() == 0:
            words.append("--allow-root")  # inside a sandbox the server is never root
        return words

    def _environment(self, attempt: Attempt, port: int) -> dict[str, str]:
        """What JupyterHub gives a server, less the Hub's own variables, plus the panel's."""
        given = {k: v for k, v in self.get_env().items() if k.startswith("JUPYTERHUB_")}
        return {
            **given,
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}{self.server.base_url}",
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PORTAL_ATTEMPT": str(attempt.id),
            "PORTAL_SERVICE_URL": self.settings.service_url,
            "SHELL": "/bin/bash",
            "USER": "expert",
        }

    def _restore_relay(self, server: AttemptServer) -> None:
        inside, outward = attempt_server.INSIDE_PORT, attempt_server.outward_ports(self.settings)
        relay, port = start_relay(server.process, server.port, inside, outward)
        self.running = AttemptServer(server.process, relay, port)

    def _log(self) -> Any:
        return self.settings.logs_folder / "attempts" / f"{self._attempt_id()}.log"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
