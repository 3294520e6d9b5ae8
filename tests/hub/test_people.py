"""Accounts: who gets one, what is kept of the password, who gets in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from hub import people
from hub.errors import BadInput, NotFound, Refused
from hub.store import Store
from hub.store.models import AuditLine, Person


def names(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(select(Person.name).order_by(Person.name)))


def test_the_generated_password_lets_its_owner_in(store: Store) -> None:
    password = people.add(store, "anna", "expert")
    person = people.verify(store, "anna", password)
    assert person is not None
    assert (person.name, person.role) == ("anna", "expert")


@pytest.mark.parametrize("wrong", ["", "wrong", "x" * 100_000, "\0", "\ud800"])
def test_any_other_password_does_not(store: Store, wrong: str) -> None:
    people.add(store, "anna")
    assert people.verify(store, "anna", wrong) is None


def test_an_unknown_name_is_refused_like_a_wrong_password(store: Store) -> None:
    assert people.verify(store, "nobody", "guess") is None
    assert people.verify(store, "\ud800", "guess") is None


def test_only_a_hash_of_the_password_is_kept(store: Store) -> None:
    password = people.add(store, "anna")
    with store.read() as session:
        person = session.get_one(Person, "anna")
        lines = session.scalars(select(AuditLine)).all()
    assert person.password_hash.startswith("$argon2id$")
    assert password not in person.password_hash
    assert [(line.act, line.data) for line in lines] == [
        ("account added", {"name": "anna", "role": "expert"})
    ]


def test_passwords_are_long_readable_and_different() -> None:
    passwords = {people.generate_password() for _ in range(50)}
    assert len(passwords) == 50
    for password in passwords:
        assert len(password.replace("-", "")) == 20
        assert not set(password) & set("il1o0")


def test_a_disabled_account_stays_out_until_it_is_enabled(store: Store) -> None:
    password = people.add(store, "anna")
    people.set_disabled(store, "anna", True)
    assert people.verify(store, "anna", password) is None
    people.set_disabled(store, "anna", False)
    assert people.verify(store, "anna", password) is not None


def test_a_renewed_password_ends_the_old_one(store: Store) -> None:
    old = people.add(store, "anna")
    new = people.renew_password(store, "anna")
    assert people.verify(store, "anna", old) is None
    assert people.verify(store, "anna", new) is not None
    with pytest.raises(NotFound, match="no account 'nobody'"):
        people.renew_password(store, "nobody")


@pytest.mark.parametrize(
    "name", ["", "Anna", "1a", "-a", "a b", "a/b", "../a", "a\n", "ä", "a" * 30, "a_b", "a.b"]
)
def test_a_name_that_would_make_trouble_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be an account's name"):
        people.add(store, name)
    assert names(store) == []


def test_an_unknown_role_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="must be expert or admin"):
        people.add(store, "anna", "root")


def test_a_name_is_given_once(store: Store) -> None:
    password = people.add(store, "anna")
    with pytest.raises(Refused, match="already an account anna"):
        people.add(store, "anna", "admin")
    assert people.verify(store, "anna", password) is not None


def test_pseudonyms_say_nothing_about_the_name(store: Store) -> None:
    for name in ("anna", "anna-2"):
        people.add(store, name)
    with store.read() as session:
        pseudonyms = set(session.scalars(select(Person.pseudonym)))
    assert len(pseudonyms) == 2
    assert not any("anna" in pseudonym for pseudonym in pseudonyms)


def csv_file(folder: Path, text: str) -> Path:
    file = folder / "people.csv"
    file.write_bytes(text.encode("utf-8"))
    return file


def test_a_file_adds_all_its_accounts(store: Store, tmp_path: Path) -> None:
    file = csv_file(tmp_path, "\ufeffname, role\r\nanna, expert\r\nboss, admin\r\nzoe,\r\n")
    passwords = people.import_csv(store, file)
    assert names(store) == ["anna", "boss", "zoe"]
    boss = people.verify(store, "boss", passwords["boss"])
    assert boss is not None
    assert boss.role == "admin"


def test_the_role_may_be_left_out(store: Store, tmp_path: Path) -> None:
    people.import_csv(store, csv_file(tmp_path, "name\nanna\n"))
    assert names(store) == ["anna"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no column `name`"),
        ("login\nanna\n", "has no column `name`"),
        ("name,role\nzoe,expert\nBob,expert\n", "Line 3 of people.csv: 'Bob' cannot be"),
        ("name,role\nzoe,owner\n", "Line 2 of people.csv: the role is 'owner'"),
        ("name\nzoe\nzoe\n", "Line 3 of people.csv: zoe appears twice"),
    ],
)
def test_one_wrong_line_and_nobody_is_added(
    store: Store, tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        people.import_csv(store, csv_file(tmp_path, text))
    assert names(store) == []


def test_a_known_name_in_the_file_adds_nobody(store: Store, tmp_path: Path) -> None:
    people.add(store, "anna")
    with pytest.raises(Refused, match="anna"):
        people.import_csv(store, csv_file(tmp_path, "name\nzoe\nanna\n"))
    assert names(store) == ["anna"]


def test_an_unreadable_file_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="missing.csv cannot be read"):
        people.import_csv(store, tmp_path / "missing.csv")
    (tmp_path / "latin.csv").write_bytes(b"name\ncaf\xe9\n")
    with pytest.raises(BadInput, match="latin.csv cannot be read"):
        people.import_csv(store, tmp_path / "latin.csv")
