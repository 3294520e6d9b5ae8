"""The factory of the portal service: parts put together, nothing decided here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.staticfiles import StaticFiles

from hub.clock import Clock, utcnow
from hub.guards import detect
from hub.lifecycle import Lifecycle
from hub.servers import Servers
from hub.service import admin_pages, api, errors, live, pages, sessions, shapes
from hub.service.access import admin_of, refuse_forgery, viewer_of
from hub.service.auth import PREFIX, Authentication
from hub.service.changes import Changes
from hub.service.context import Portal
from hub.service.headers import SecurityHeaders
from hub.service.presence import Presence
from hub.service.ticker import Ticker
from hub.settings import CHECKOUT, Settings
from hub.store.database import Store, open_store
from hub.store.models import Person

STATIC = Path(__file__).parent / "static"
PANEL = CHECKOUT / "extensions" / "score_panel" / "score_panel" / "labextension" / "static"

PERSON = [Depends(viewer_of), Depends(refuse_forgery)]
ADMIN = [*PERSON, Depends(admin_of)]


def create_app(
    settings: Settings,
    *,
    servers: Servers | None = None,
    now: Clock = utcnow,
    ticking: bool = True,
) -> FastAPI:
    """The whole service below `/services/portal`. `ticking=False` leaves attempts to the test."""
    portal = _portal(settings, servers, now)
    app = FastAPI(
        title="Expert Portal", version="1", lifespan=_lifespan(portal, ticking),
        docs_url=None, redoc_url=None, openapi_url=None,
    )  # fmt: skip
    app.state.portal = portal
    app.add_middleware(SecurityHeaders)
    errors.install(app)
    app.include_router(_routes())
    app.mount(f"{PREFIX}/static/panel", StaticFiles(directory=PANEL, check_dir=False))
    app.mount(f"{PREFIX}/static", StaticFiles(directory=STATIC))
    return app


def _portal(settings: Settings, servers: Servers | None, now: Clock) -> Portal:
    store = open_store(settings)
    return Portal(
        settings=settings,
        store=store,
        lifecycle=Lifecycle(settings, store, servers, now=now),
        authentication=Authentication(settings, lambda name: _disabled(store, name)),
        changes=Changes(store),
        presence=Presence(),
        guards=detect(settings),
        now=now,
    )


def _routes() -> APIRouter:
    """Refusal by default: only the session's own routes and /healthz are open to anybody."""
    routes = APIRouter(prefix=PREFIX)
    routes.include_router(sessions.router)
    routes.add_api_route("/healthz", healthz, response_model=shapes.Healthy)
    routes.include_router(api.router, prefix="/api", dependencies=PERSON)
    routes.include_router(live.router, prefix="/api", dependencies=PERSON)
    routes.include_router(pages.router, dependencies=PERSON)
    routes.include_router(admin_pages.router, dependencies=ADMIN)
    return routes


async def healthz() -> dict[str, Any]:
    """Answers while the service's loop turns; says nothing about Hub and workers."""
    return {"ok": True}


def _lifespan(portal: Portal, ticking: bool) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ticker = asyncio.create_task(Ticker(portal).run()) if ticking else None
        try:
            yield
        finally:
            if ticker is not None:
                ticker.cancel()
                with suppress(asyncio.CancelledError):
                    await ticker
            portal.authentication.close()

    return lifespan


def _disabled(store: Store, name: str) -> bool:
    with store.read() as session:
        person = session.get(Person, name)
        return person is not None and person.disabled
