"""`portal score`: any folder, scored as the workers would, without a line in the score log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hub import environment_setup, folder_scoring
from hub.cli.common import Profile, need_sandbox_python, settings
from hub.cli.output import Json, print_json, say, step, text

app = typer.Typer()
EXIT_CODES = {"valid": 0, "invalid": 3, "failed": 4}


@app.command()
def score(
    environment: Annotated[str, typer.Argument(metavar="ENV")],
    folder: Annotated[Path, typer.Argument(help="A solution, or a workspace holding one.")],
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Score a folder. Exit 0 valid, 3 invalid, 4 failed."""
    current = settings()
    [wanted] = environment_setup.select([environment], profile or current.profile)
    folder_scoring.solution_folder(wanted, folder)
    need_sandbox_python()
    with step(f"Scoring {folder}"):
        outcome = folder_scoring.score(current, wanted, profile or current.profile, folder)
    if as_json:
        result = asdict(outcome)
        if outcome.status != "failed":
            del result["details"]
        print_json(result)
    else:
        say(f"{outcome.status}: {outcome.message}")
        if outcome.score is not None:
            normalized = text(outcome.normalized_score)
            say(f"score {outcome.score:.6g} {wanted.unit}, normalized {normalized}")
        if outcome.status == "failed":
            say(str(outcome.details.get("log", "")))
    raise typer.Exit(EXIT_CODES[outcome.status])
