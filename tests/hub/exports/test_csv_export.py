"""The CSV files hold the whole record, exactly, and no names unless asked for."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from environments.outcomes import Outcome
from hub.exports.columns import ATTEMPTS, EVENTS, SCORES
from hub.exports.csv_export import export_csv
from hub.store import Store
from hub.store.models import Attempt, AttemptEvent, ScoreEntry
from tests.hub.records import NOON, add_attempt, add_event, write_score

LATER = NOON + timedelta(seconds=40)
AWKWARD = Outcome("valid", 5e-324, -1e308 / 3, 'a "quoted",\nsecond line; =1+1', 1 / 3, {"é": [1]})


@pytest.fixture
def tables(store: Store, tmp_path: Path):  # type: ignore[no-untyped-def]
    attempt_id = add_attempt(store, expert="bartholomew", upto="started", budget_seconds=100 / 3)
    write_score(store, attempt_id, AWKWARD, index=0, kind="starting")
    write_score(store, attempt_id, Outcome("invalid", None, None, "no", 0.1), index=1)
    write_score(store, attempt_id, Outcome("valid", 0.1 + 0.2, -0.0, "", 0.1), index=2)
    add_event(store, attempt_id, "paused", NOON + timedelta(microseconds=1), reason="tea, or so")

    def export(**options: bool) -> dict[str, list[dict[str, str]]]:
        paths = export_csv(store, tmp_path / "out", now=lambda: LATER, **options)
        tables = {}
        for path in paths:
            with path.open(encoding="utf-8", newline="") as file:
                tables[path.name] = list(csv.DictReader(file))
        return tables

    return export


def same(cell: str, value: object) -> bool:
    """Whether a cell gives the very same value back."""
    match value:
        case None:
            return cell == ""
        case float():
            return float(cell).hex() == value.hex()
        case datetime():
            return datetime.fromisoformat(cell) == value
        case dict() | list():
            return bool(json.loads(cell) == value)
        case _:
            return cell == str(value)


def test_every_score_comes_back_bit_by_bit(store: Store, tables) -> None:  # type: ignore[no-untyped-def]
    rows = tables()["scores.csv"]
    with store.read() as session:
        entries = session.scalars(select(ScoreEntry).order_by(ScoreEntry.sequence)).all()
    assert len(rows) == len(entries) == 3
    for row, entry in zip(rows, entries, strict=True):
        for column in SCORES.keys() - {"attempt"}:
            assert same(row[column], getattr(entry, column)), column
        assert row["attempt"] == str(entry.attempt_id)


def test_every_event_comes_back(store: Store, tables) -> None:  # type: ignore[no-untyped-def]
    rows = tables()["events.csv"]
    with store.read() as session:
        events = session.scalars(select(AttemptEvent).order_by(AttemptEvent.sequence)).all()
    for row, event in zip(rows, events, strict=True):
        for column in EVENTS.keys() - {"attempt", "actor"}:
            assert same(row[column], getattr(event, column)), column


def test_attempts_come_with_their_clock_and_best_score(store: Store, tables) -> None:  # type: ignore[no-untyped-def]
    (row,) = tables()["attempts.csv"]
    with store.read() as session:
        attempt = session.scalars(select(Attempt)).one()
    for column in ("budget_seconds", "starting_score", "reference_score", "guards", "assigned_at"):
        assert same(row[column], getattr(attempt, column)), column
    assert (row["state"], row["working_seconds"], row["started_at"]) == (
        "paused", "1e-06", "2026-01-01T12:00:00.000000Z",
    )  # fmt: skip
    assert (row["scores"], row["best_score"], row["ending"]) == ("2", "5e-324", "")


def test_experts_appear_by_pseudonym_unless_names_are_asked_for(tables) -> None:  # type: ignore[no-untyped-def]
    blind = tables()
    assert blind["attempts.csv"][0]["expert"] == "p-bartholomew"
    assert {row["actor"] for row in blind["events.csv"]} == {"portal", "unknown"}
    assert tables(named=True)["attempts.csv"][0]["expert"] == "bartholomew"


def test_every_column_is_explained(tables) -> None:  # type: ignore[no-untyped-def]
    found = tables()
    explained = {(row["file"], row["column"]): row["meaning"] for row in found.pop("columns.csv")}
    for name, rows in found.items():
        assert {(name, column) for column in rows[0]} <= explained.keys()
    assert len(explained) == len(ATTEMPTS) + len(SCORES) + len(EVENTS)


def test_an_empty_record_gives_empty_tables(store: Store, tmp_path: Path) -> None:
    for path in export_csv(store, tmp_path)[:3]:
        assert len(path.read_text().splitlines()) == 1
