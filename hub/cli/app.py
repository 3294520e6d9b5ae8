"""Puts the command groups together and turns the portal's errors into sentences and exit codes."""

from __future__ import annotations

import sys

import typer

from environments.outcomes import ScoringError
from environments.registry import BadEnvironment
from hub.cli import attempts, environments, people, portal, record, score
from hub.cli.common import resources
from hub.cli.output import problem
from hub.errors import BadInput, Forbidden, NotFound, PortalError

EXIT_CODES = (
    "Exit codes: 0 done; 1 refused or something does not answer; 2 bad input (unknown name, wrong"
    " value, missing folder); 3 the solution is invalid; 4 the scorer failed."
)
BAD_INPUT: tuple[type[PortalError], ...] = (NotFound, BadInput, Forbidden)

app = typer.Typer(
    help="Expert Portal: human experts on AI research environments, under a clock.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (portal, environments, score, attempts, record):
    app.add_typer(group.app)
app.add_typer(people.app, name="expert")
app.add_typer(attempts.one, name="attempt")


def main() -> None:
    """The console script."""
    try:
        with resources:
            app(prog_name="portal")
    except PortalError as error:
        problem(error.message, error.hint)
        sys.exit(2 if isinstance(error, BAD_INPUT) else 1)
    except ScoringError as error:
        problem(error.message, "" if error.log == error.message else error.log)
        sys.exit(4)
    except PermissionError as error:
        problem(f"{error.filename} is not yours.", "Run the command as the portal's owner.")
        sys.exit(1)
    except BadEnvironment as error:
        problem(str(error))
        sys.exit(1)
