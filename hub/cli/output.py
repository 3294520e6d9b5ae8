"""How commands speak: JSON for programs, tables for people, plain lines when piped."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document; numbers with full precision."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def say(text: str) -> None:
    """A line of the result."""
    out.print(escape(text))


def hint(text: str) -> None:
    """The next sensible command: to people only, never into a pipe."""
    if out.is_terminal:
        out.print(f"[dim]{escape(text)}[/dim]")


def problem(message: str, remedy: str = "") -> None:
    """What went wrong and what to do, on stderr."""
    err.print(f"[bold]{escape(message)}[/bold]")
    if remedy:
        err.print(escape(remedy))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table on a terminal; tab-separated lines when piped. `empty` says what would be here."""
    if not rows:
        err.print(escape(empty))
        return
    if not out.is_terminal:
        for row in rows:
            sys.stdout.write("\t".join(text(cell) for cell in row) + "\n")
        return
    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for number, name in enumerate(columns):
        numeric = all(isinstance(row[number], int | float | None) for row in rows)
        drawn.add_column(name, justify="right" if numeric else "left")
    for row in rows:
        drawn.add_row(*(escape(text(cell)) for cell in row))
    out.print(drawn)


def text(cell: object) -> str:
    """A cell for people: a dash for nothing, four significant digits for a number."""
    if cell is None or cell == "":
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


class Step:
    """One long-running step, shown with its stage and its seconds."""

    def __init__(self, title: str, spinner: Any) -> None:
        self._title = title
        self._spinner = spinner

    def __call__(self, stage: str) -> None:
        if self._spinner is not None:
            self._spinner.update(f"{escape(self._title)}: {escape(stage)}")


@contextmanager
def step(title: str) -> Iterator[Step]:
    """A spinner on a terminal, and a line with the seconds when done. Speaks on stderr."""
    started = time.monotonic()
    if err.is_terminal:
        with err.status(escape(title)) as spinner:
            yield Step(title, spinner)
    else:
        yield Step(title, None)
    err.print(f"{escape(title)}: done, {time.monotonic() - started:.1f} s")
