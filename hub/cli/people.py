"""`portal expert add | list | passwd | import`: the accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from hub import people
from hub.cli.common import store
from hub.cli.output import Json, hint, print_json, say, table
from hub.clock import iso
from hub.store.models import Person

app = typer.Typer(help="Accounts of experts and admins.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")]


@app.command()
def add(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="An admin instead.")] = False,
    as_json: Json = False,
) -> None:
    """Add an account; its generated password is printed once and kept only as a hash."""
    role = "admin" if admin else "expert"
    password = people.add(store(), name, role)
    if as_json:
        print_json({"name": name, "role": role, "password": password})
        return
    say(f"Account {name} ({role}). Password, shown only now: {password}")
    if not admin:
        hint(f"Next: portal assign {name} ENV")


@app.command("list")
def list_accounts(as_json: Json = False) -> None:
    """All accounts."""
    with store().read() as session:
        found = session.scalars(select(Person).order_by(Person.name)).all()
    rows = [
        {
            "name": person.name,
            "role": person.role,
            "pseudonym": person.pseudonym,
            "created_at": iso(person.created_at),
            "disabled": person.disabled,
        }
        for person in found
    ]
    if as_json:
        print_json(rows)
        return
    columns = ("name", "role", "pseudonym", "created_at", "disabled")
    lines = [[row[column] for column in columns] for row in rows]
    table(columns, lines, "No accounts yet. Add one: portal expert add NAME")


@app.command()
def passwd(name: Name, as_json: Json = False) -> None:
    """Give an account a new generated password; the old one ends at once."""
    password = people.renew_password(store(), name)
    if as_json:
        print_json({"name": name, "password": password})
        return
    say(f"New password of {name}, shown only now: {password}")


@app.command("import")
def import_accounts(
    file: Annotated[Path, typer.Argument(help="CSV with the columns name and role.")],
    as_json: Json = False,
) -> None:
    """Add many accounts from a CSV file: all of them, or none if a line is wrong."""
    passwords = people.import_csv(store(), file)
    if as_json:
        print_json([{"name": name, "password": word} for name, word in passwords.items()])
        return
    say("Passwords, shown only now:")
    for name, password in passwords.items():
        say(f"{name}\t{password}")
