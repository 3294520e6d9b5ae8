"""`portal export | verify`: the record, taken out and proved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub import verify as verification
from hub.cli.common import settings, store
from hub.cli.output import Json, hint, print_json, problem, say
from hub.errors import BadInput
from hub.exports.csv_export import export_csv

app = typer.Typer()


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder to write into; made if missing.")],
    form: Annotated[str, typer.Option("--format", help="csv")] = "csv",
    names: Annotated[bool, typer.Option("--names", help="Accounts, not pseudonyms.")] = False,
    as_json: Json = False,
) -> None:
    """Write attempts, scores and events as tables with full precision."""
    if form != "csv":
        raise BadInput(f"There is no format {form!r}.", hint="Formats: csv.")
    try:
        written = export_csv(store(), out, named=names)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}.") from error
    if as_json:
        print_json([str(path) for path in written])
        return
    for path in written:
        say(str(path))
    hint(f"What each column means: {out / 'columns.csv'}")


@app.command()
def verify(as_json: Json = False) -> None:
    """Recompute the chain of the score log and every snapshot. Exit 1 if something changed."""
    problems = verification.verify(settings(), store())
    if as_json:
        print_json({"ok": not problems, "problems": problems})
    elif not problems:
        say("The record is whole: chain, requests, attempts and snapshots.")
    for sentence in [] if as_json else problems:
        problem(sentence)
    if problems:
        raise typer.Exit(1)
