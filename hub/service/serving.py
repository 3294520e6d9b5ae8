"""Runs the service as one of the portal's supervised programs."""

from __future__ import annotations

import logging
import sys
from types import FrameType

import uvicorn

from hub.service.app import create_app
from hub.settings import Settings

SHUTDOWN_SECONDS = 3  # what is not answered by then is cut


class Server(uvicorn.Server):
    """Ends the event streams before it waits for the open connections."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.config.app.state.portal.changes.closing = True  # type: ignore[union-attr]
        super().handle_exit(sig, frame)


def serve(settings: Settings) -> None:
    """Until a signal ends it. Listens on loopback only; the proxy stands in front."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )  # fmt: skip
    logging.getLogger("httpx").setLevel(logging.WARNING)
    config = uvicorn.Config(
        create_app(settings), host="127.0.0.1", port=settings.service_port, log_config=None,
        access_log=False, timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )  # fmt: skip
    Server(config).run()
