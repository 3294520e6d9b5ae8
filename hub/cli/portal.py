"""`portal up | down | status | doctor | run`: the portal as a running thing."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from environments.outcomes import ScorerFailure
from hub import doctor as examination
from hub import environment_setup, first_start, guards, programs, stopping, supervision
from hub.cli.common import need_sandbox_python, settings
from hub.cli.output import Json, hint, print_json, problem, say, step, table
from hub.errors import Unavailable
from hub.first_start import FirstAccounts
from hub.settings import Settings

app = typer.Typer()
START_SECONDS = 120.0


@app.command()
def up(
    prepare: Annotated[bool, typer.Option(help="Also prepare environments that need it.")] = True,
    foreground: Annotated[bool, typer.Option(help="Stay, for systemd or a container.")] = False,
) -> None:
    """Start the portal, or put right what does not run. Harmless when all is well."""
    current = settings()
    started = time.monotonic()
    need_sandbox_python()
    accounts = first_start.make_ready(current)
    _say_guards(current)
    _say_accounts(accounts)
    if foreground:
        _prepare_missing(current, prepare)
        supervision.become(current)
    supervision.start(current)
    with step("Starting proxy, Hub, service, workers and watchdog"):
        missing = supervision.wait_until_running(current, START_SECONDS)
    if missing:
        raise Unavailable(
            f"Not up after {START_SECONDS:.0f} s: {', '.join(missing)}.",
            hint=f"Their logs are in {current.logs_folder}; `portal status` shows the programs.",
        )
    say(f"The portal is at {current.public_url} ({time.monotonic() - started:.0f} s).")
    _prepare_missing(current, prepare)
    hint("Next: log in as admin, or `portal attempts`. Stop it with `portal down`.")


@app.command()
def down(
    attempts: Annotated[
        bool, typer.Option("--attempts", help="Stop the experts' notebook servers too.")
    ] = False,
) -> None:
    """Stop the portal's programs. Experts' notebook servers keep running unless --attempts."""
    current = settings()
    stopped = supervision.stop(current)
    say("The portal is down." if stopped else "The portal was not running.")
    servers = stopping.living_servers(current)
    if attempts:
        stopping.stop_servers(current)
        say(f"Notebook servers stopped: {len(servers)}.")
    elif servers:
        say(f"Notebook servers still running: {len(servers)}. Stop them: portal down --attempts")


@app.command()
def status(as_json: Json = False) -> None:
    """Which programs run, and whether the portal answers."""
    current = settings()
    states = supervision.programs(current)
    answers = supervision.answering(current) if states else {}
    if as_json:
        print_json(
            {
                "url": current.public_url,
                "answering": answers,
                "programs": [asdict(state) for state in states],
            }
        )
        return
    table(
        ("program", "state", "process", "for seconds"),
        [(state.program, state.state.lower(), state.pid, state.seconds) for state in states],
        "The portal is not running. Start it with `make up` or `portal up`.",
    )
    silent = [name for name, answered in answers.items() if not answered]
    if silent:
        problem(f"Not answering: {', '.join(silent)}.", f"Logs: {current.logs_folder}")
    elif states:
        say(f"The portal answers at {current.public_url}.")


@app.command()
def doctor(as_json: Json = False) -> None:
    """What is in place and which guards are in force on this machine. Exit 1 if it cannot run."""
    findings = examination.examine(settings())
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        table(
            ("", "what", "found"),
            [(finding.mark, finding.what, finding.detail) for finding in findings],
            "",
        )
    if any(finding.severity == "problem" for finding in findings):
        raise typer.Exit(1)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help=" | ".join(programs.NAMES))],
    instance: Annotated[str | None, typer.Option(help="Tells workers apart: worker_00 …")] = None,
) -> None:
    """Be one of the portal's programs, in the foreground. The supervisor uses this."""
    programs.run(settings(), name, instance)


def _say_guards(current: Settings) -> None:
    for sentence in guards.warnings(guards.detect(current)):
        problem(sentence)


def _say_accounts(accounts: FirstAccounts) -> None:
    """The only time that these passwords are shown."""
    if not accounts.passwords:
        return
    say("First start. Two accounts were made; these passwords are shown only now:")
    for name, password in accounts.passwords.items():
        say(f"    {name:<8} {password}")
    say(f"Assigned to expert: {', '.join(accounts.assigned)}.")


def _prepare_missing(current: Settings, wanted: bool) -> None:
    """Environments in turn; one that cannot be prepared does not keep the others from it."""
    if not wanted:
        return
    for environment in environment_setup.select([], current.profile):
        if environment_setup.is_ready(current, environment, current.profile):
            continue
        try:
            with step(f"Preparing {environment.name} (once per machine)") as stage:
                environment_setup.prepare(current, environment, current.profile, stage)
        except ScorerFailure as error:
            problem(f"{environment.name} cannot be attempted yet: {error.message}", error.log)
