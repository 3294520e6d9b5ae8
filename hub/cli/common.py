"""What many commands need: the settings, the store, the lifecycle, and who is acting."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer
from pydantic import ValidationError

from hub.errors import BadInput, Unavailable
from hub.lifecycle import Lifecycle
from hub.settings import Settings
from hub.store import Store, open_store

resources = ExitStack()  # what a command opened; closed by `hub.cli.app.main`
OPERATOR = "operator"  # the actor of what is done by command line

Profile = Annotated[
    str | None, typer.Option(help="small or paper; else the portal's own, see PORTAL_PROFILE.")
]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the attempt.")]
AttemptId = Annotated[int, typer.Argument(metavar="ID", help="Number of the attempt.")]


def settings() -> Settings:
    """Raises `BadInput` for an environment variable that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            f"PORTAL_{str(fault['loc'][0]).upper()}={fault['input']}: {fault['msg']}."
            for fault in error.errors()
        ]
        raise BadInput("A setting cannot be used.", hint="\n".join(faults)) from error


def store() -> Store:
    """Closed with the command. Raises `Unavailable` if the portal was never started."""
    opened = open_store(settings())
    resources.callback(opened.close)
    return opened


def lifecycle() -> Lifecycle:
    return Lifecycle(settings(), store())


def need_reason(reason: str) -> str:
    if not reason.strip():
        raise BadInput("A reason is needed.", hint='--reason "…"')
    return reason.strip()


def need_sandbox_python() -> None:
    """Raises `Unavailable` if the experts' interpreter environment is missing."""
    python = settings().expert_python
    if not python.exists():
        raise Unavailable(f"There is no {python}.", hint="Run `make setup`.")
