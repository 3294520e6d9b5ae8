"""A real service on a real port over a real store; only the Hub is a stand-in.

hub      who is logged in
service  its address, its clients, its clock
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from hub.service.app import create_app
from hub.settings import Settings
from hub.store import Store
from tests.hub.records import NOON, add_expert
from tests.hub.service.hub_stand_in import ADMIN, HubStandIn

PREFIX = "/services/portal"


class StillServers:
    """Notebook servers that always run; real ones are started and stopped elsewhere."""

    def start(self, attempt_id: int) -> None: ...

    def ready(self, attempt_id: int) -> bool:
        return True

    def alive(self, attempt_id: int) -> bool:
        return True

    def freeze(self, attempt_id: int) -> None: ...

    def thaw(self, attempt_id: int) -> None: ...

    def stop(self, attempt_id: int) -> None: ...


@dataclass
class Service:
    app: FastAPI
    address: str
    hub: HubStandIn
    clock: list[datetime]
    clients: list[httpx.Client] = field(default_factory=list)

    def program(self, name: str, *scopes: str) -> httpx.Client:
        """A client with a Hub token of this person."""
        token = self.hub.add(name, *scopes)
        return self.client(Authorization=f"token {token}")

    def client(self, **headers: str) -> httpx.Client:
        client = httpx.Client(
            base_url=self.address + PREFIX, headers=headers, trust_env=False, timeout=20
        )
        self.clients.append(client)
        return client

    def browser(self, name: str, *scopes: str) -> httpx.Client:
        """A client that has logged in like a browser."""
        client = self.client()
        leaving = client.get("/")
        query = parse_qs(urlsplit(leaving.headers["location"]).query)
        self.hub.codes["code"] = (self.hub.add(name, *scopes), query["code_challenge"][0])
        client.get("/oauth_callback", params={"code": "code", "state": query["state"][0]})
        return client

    def later(self, seconds: float) -> None:
        self.clock[0] += timedelta(seconds=seconds)


@pytest.fixture
def hub() -> Iterator[HubStandIn]:
    stand_in = HubStandIn()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def settings(tmp_path: object, hub: HubStandIn) -> Settings:
    """The Hub's port is the public one and two."""
    return Settings(data=f"{tmp_path}/var", port=hub.port - 2, isolation="none")  # type: ignore[arg-type]


@pytest.fixture
def service(settings: Settings, store: Store, hub: HubStandIn) -> Iterator[Service]:
    yield from serving(settings, store, hub)


@pytest.fixture
def ticking_service(settings: Settings, store: Store, hub: HubStandIn) -> Iterator[Service]:
    yield from serving(settings, store, hub, ticking=True)


def serving(
    settings: Settings, store: Store, hub: HubStandIn, ticking: bool = False
) -> Iterator[Service]:
    for name, role in (("anna", "expert"), ("ben", "expert"), ("root", "admin")):
        add_expert(store, name, role)
    clock = [NOON]
    app = create_app(settings, servers=StillServers(), now=lambda: clock[0], ticking=ticking)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=3)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    service = Service(app, f"http://127.0.0.1:{port}", hub, clock)
    yield service
    for client in service.clients:
        client.close()
    app.state.portal.changes.closing = True
    server.should_exit = True
    thread.join()
    app.state.portal.store.close()


@pytest.fixture
def anna(service: Service) -> httpx.Client:
    return service.program("anna")


@pytest.fixture
def ben(service: Service) -> httpx.Client:
    return service.program("ben")


@pytest.fixture
def admin(service: Service) -> httpx.Client:
    return service.program("root", ADMIN)


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.01)
