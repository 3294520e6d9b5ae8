"""Server-sent events: tells open pages which attempts changed; they ask for what they show."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from hub.service.access import ThisViewer
from hub.service.auth import Viewer
from hub.service.changes import Changes
from hub.service.context import ThisPortal

LOOK_SECONDS = 1.0  # how often a stream sees whether it is to end
QUIET_SECONDS = 15  # a comment this often keeps proxies from closing a silent stream
STREAM_SECONDS = 300.0  # then the browser connects again, and permission is asked again

router = APIRouter()


@router.get("/events", response_class=StreamingResponse)
async def events(portal: ThisPortal, viewer: ThisViewer) -> StreamingResponse:
    """`attempt` events with `{"id"}`: the viewer's own attempts, for admins all."""
    return StreamingResponse(_stream(portal.changes, viewer), media_type="text/event-stream")


async def _stream(changes: Changes, viewer: Viewer) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    until, quiet_since = loop.time() + STREAM_SECONDS, loop.time()
    with changes.listen() as queue:
        yield "retry: 2000\n\n"
        while loop.time() < until and not changes.closing:
            try:
                attempt_id, expert = await asyncio.wait_for(queue.get(), LOOK_SECONDS)
            except TimeoutError:
                if loop.time() - quiet_since >= QUIET_SECONDS:
                    quiet_since = loop.time()
                    yield ": still here\n\n"
                continue
            if viewer.admin or viewer.name == expert:
                yield f"event: attempt\ndata: {json.dumps({'id': attempt_id})}\n\n"
