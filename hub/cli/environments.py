"""`portal environments | prepare | check | calibrate`: the research problems."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from environments import checking, registry
from environments.calibration import Calibration
from environments.contract import Environment
from hub import environment_setup
from hub.cli.common import Profile, need_sandbox_python, settings
from hub.cli.durations import clock
from hub.cli.output import Json, hint, print_json, step, table
from hub.errors import BadInput

app = typer.Typer()
Names = Annotated[list[str] | None, typer.Argument(metavar="ENV", help="None means all.")]


@app.command("environments")
def list_environments(as_json: Json = False) -> None:
    """What can be assigned, and whether it is ready on this machine."""
    current = settings()
    rows = [
        _row(environment, profile, environment_setup.is_ready(current, environment, profile))
        for environment in registry.load_all().values()
        for profile in environment.profiles
    ]
    if as_json:
        print_json(rows)
        return
    table(
        ("environment", "profile", "title", "budget", "GPUs", "ready"),
        [
            (row["environment"], row["profile"], row["title"],
             clock(row["time_budget_seconds"]), row["gpus"], row["ready"])
            for row in rows
        ],
        "There are no environments.",
    )  # fmt: skip
    hint("Next: portal assign EXPERT ENV")


@app.command()
def prepare(
    names: Names = None,
    profile: Profile = None,
    force: Annotated[bool, typer.Option(help="Also when it is up to date.")] = False,
) -> None:
    """Build public and private assets and measure the scale (calibration) where missing."""
    current = settings()
    need_sandbox_python()
    size = profile or current.profile
    for environment in environment_setup.select(names or [], size):
        with step(f"Preparing {environment.name} ({size})") as stage:
            environment_setup.prepare(current, environment, size, stage, force=force)


@app.command()
def calibrate(
    names: Names = None,
    profile: Profile = None,
    repeats: Annotated[int, typer.Option(min=1, help="Scorings of each solution.")] = 3,
    as_json: Json = False,
) -> None:
    """Measure starting and reference score on this machine and keep them as the scale."""
    current = settings()
    need_sandbox_python()
    size = profile or current.profile
    measured = []
    for environment in environment_setup.select(names or [], size):
        with step(f"Calibrating {environment.name} ({size})") as stage:
            measured.append(environment_setup.calibrate(current, environment, size, repeats, stage))
    if as_json:
        print_json([one.to_json() for one in measured])
        return
    columns = ("environment", "starting", "sd", "reference", "sd", "gap / sd", "seconds")
    table(columns, [_calibration_row(one) for one in measured], "There are no environments.")


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="ENV")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every environment.")] = False,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Prove that environments keep their contract. Exit 1 if one does not."""
    if not names and not everything:
        raise BadInput("Which environment?", hint="Name one, or --all.")
    current = settings()
    need_sandbox_python()
    size = profile or current.profile
    results = []
    for environment in environment_setup.select(names or [], size):
        assets = environment_setup.assets_of(current, environment, size)
        launch = environment_setup.operator_launcher(current, environment, "check")
        with step(f"Checking {environment.name} ({size})"):
            results += checking.check(environment, environment.profiles[size], assets, launch)
    if as_json:
        print_json([asdict(result) for result in results])
    else:
        rows = [(one.environment, one.check, one.ok, one.detail) for one in results]
        table(("environment", "check", "holds", "detail"), rows, "Nothing to check.")
    if not all(result.ok for result in results):
        raise typer.Exit(1)


def _row(environment: Environment, profile: str, ready: bool) -> dict[str, Any]:
    return {
        "environment": environment.name,
        "profile": profile,
        "title": environment.title,
        "summary": environment.summary,
        "direction": environment.direction,
        "unit": environment.unit,
        "time_budget_seconds": environment.time_budget_seconds,
        "gpus": environment.profiles[profile].gpus,
        "ready": ready,
    }


def _calibration_row(one: Calibration) -> tuple[object, ...]:
    ends = (one.starting.mean, one.starting.sd, one.reference.mean, one.reference.sd)
    return (one.environment, *ends, one.gap_in_sd, one.scoring_seconds)
