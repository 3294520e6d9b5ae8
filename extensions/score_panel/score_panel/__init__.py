"""The score panel: a JupyterLab front end and the jupyter-server extension behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__version__ = "0.1.0"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "portal-score-panel"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "score_panel"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    """Add the handlers under `<base_url>/portal/` and tell the page where the portal is."""
    from score_panel.handlers import routes
    from score_panel.service import Service

    service = Service.from_environment()
    web_app: Any = serverapp.web_app
    settings = web_app.settings
    web_app.add_handlers(".*$", routes(settings["base_url"], service))
    settings.setdefault("page_config_data", {}).update(service.page_config())
