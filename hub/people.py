"""Accounts: added by an admin, with a generated password of which only a hash is kept."""

from __future__ import annotations

import csv
import functools
import re
import secrets
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from hub.clock import Clock, utcnow
from hub.errors import BadInput, NotFound, Refused
from hub.store.database import Store
from hub.store.models import AuditLine, Person

ROLES = ("expert", "admin")
NAME = re.compile(r"[a-z][a-z0-9-]{0,28}")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another
PASSWORD_GROUPS, GROUP_LETTERS = 4, 5  # 20 letters of 31: 99 bits
LONGEST_PASSWORD = 1024  # characters; longer ones are wrong without being hashed

_hasher = PasswordHasher()  # argon2id with the library's current costs


def add(
    store: Store, name: str, role: str = "expert", *, by: str = "operator", now: Clock = utcnow
) -> str:
    """Create an account and return its password, which nobody can read again.

    Raises `BadInput` for an unusable name or role, `Refused` if the name is taken.
    """
    return _add_all(store, {name: role}, by, now)[name]


def import_csv(
    store: Store, file: Path, *, by: str = "operator", now: Clock = utcnow
) -> dict[str, str]:
    """Create the accounts of a CSV file with the columns `name` and, if wanted, `role`.

    All or none. Returns name → password. Raises `BadInput` or `Refused` naming the line.
    """
    return _add_all(store, _read(file), by, now)


def verify(store: Store, name: str, password: str) -> Person | None:
    """The account if the password is right and the account is not disabled, else None.

    Takes about as long for an unknown name as for a wrong password.
    """
    with store.read() as session:
        person = session.get(Person, name) if NAME.fullmatch(name) else None
    usable = len(password) <= LONGEST_PASSWORD
    right = _matches(person.password_hash if person else _decoy(), password if usable else "")
    if person is None or not usable or not right or person.disabled:
        return None
    if _hasher.check_needs_rehash(person.password_hash):
        _set_hash(store, name, _hasher.hash(password))
    return person


def renew_password(store: Store, name: str, *, by: str = "operator", now: Clock = utcnow) -> str:
    """A new generated password; the old one ends at once. Raises `NotFound`.

    Who is logged in stays logged in.
    """
    password = generate_password()
    hashed = _hasher.hash(password)
    with store.write() as session:
        _get(session, name).password_hash = hashed
        session.add(AuditLine(at=now(), actor=by, act="password renewed", data={"name": name}))
    return password


def set_disabled(
    store: Store, name: str, disabled: bool, *, by: str = "operator", now: Clock = utcnow
) -> None:
    """Close an account, or open it again; its records stay. Raises `NotFound`."""
    act = "account disabled" if disabled else "account enabled"
    with store.write() as session:
        _get(session, name).disabled = disabled
        session.add(AuditLine(at=now(), actor=by, act=act, data={"name": name}))


def generate_password() -> str:
    """Four groups of five letters, easy to type from paper."""
    groups = (
        "".join(secrets.choice(LETTERS) for _ in range(GROUP_LETTERS))
        for _ in range(PASSWORD_GROUPS)
    )
    return "-".join(groups)


def check_name(name: str) -> None:
    """Raises `BadInput`. Names appear in addresses, file names and logs."""
    if not NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} cannot be an account's name.",
            hint="Use up to 29 lower-case letters, digits and hyphens, beginning with a letter.",
        )


def _add_all(store: Store, roles: dict[str, str], by: str, now: Clock) -> dict[str, str]:
    for name, role in roles.items():
        check_name(name)
        if role not in ROLES:
            raise BadInput(f"The role of {name} is {role!r}; it must be expert or admin.")
    _refuse_taken(store, roles)  # before the slow hashing
    passwords = {name: generate_password() for name in roles}
    hashes = {name: _hasher.hash(password) for name, password in passwords.items()}
    with store.write() as session:
        for name, role in roles.items():
            _refuse_known(session, name)
            session.add(
                Person(
                    name=name, role=role, password_hash=hashes[name],
                    pseudonym=f"p-{secrets.token_hex(5)}", created_at=now(), disabled=False,
                )
            )  # fmt: skip
            data = {"name": name, "role": role}
            session.add(AuditLine(at=now(), actor=by, act="account added", data=data))
    return passwords


def _refuse_taken(store: Store, names: dict[str, str]) -> None:
    with store.read() as session:
        for name in names:
            _refuse_known(session, name)


def _refuse_known(session: Session, name: str) -> None:
    if session.get(Person, name) is not None:
        raise Refused(f"There is already an account {name}.", hint="Choose another name.")


def _read(file: Path) -> dict[str, str]:
    """Name → role of a CSV file."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return _rows(csv.DictReader(lines, skipinitialspace=True), file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{file} cannot be read: {error}.") from error


def _rows(reader: csv.DictReader[str], file: Path) -> dict[str, str]:
    if "name" not in (reader.fieldnames or ()):
        raise BadInput(f"{file} has no column `name`.", hint="Its first line: name,role")
    roles: dict[str, str] = {}
    for row in reader:
        name, role = (row["name"] or "").strip(), (row.get("role") or "expert").strip()
        line = f"Line {reader.line_num} of {file.name}"
        if not NAME.fullmatch(name):
            raise BadInput(f"{line}: {name!r} cannot be an account's name.")
        if role not in ROLES:
            raise BadInput(f"{line}: the role is {role!r}; it must be expert or admin.")
        if name in roles:
            raise BadInput(f"{line}: {name} appears twice.")
        roles[name] = role
    return roles


def _get(session: Session, name: str) -> Person:
    person = session.get(Person, name)
    if person is None:
        raise NotFound(f"There is no account {name!r}.")
    return person


def _set_hash(store: Store, name: str, hashed: str) -> None:
    with store.write() as session:
        _get(session, name).password_hash = hashed


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password.encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _decoy() -> str:
    """A hash that costs as much to check as a real one and fits no password."""
    return _hasher.hash(secrets.token_hex(32))
