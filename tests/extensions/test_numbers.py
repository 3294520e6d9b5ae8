"""What the panel makes of numbers: its own modules, run by node."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.extensions.lab import PANEL

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
STATIC = PANEL / "score_panel" / "labextension" / "static"
KERNEL = {"display": "exp:ms", "unit": "ln(ms)", "score_spread": 0.004}


def call(module: str, function: str, *arguments: object) -> object:
    program = (
        f"import {{ {function} as f }} from {json.dumps((STATIC / module).as_uri())};"
        f"console.log(JSON.stringify(f(...{json.dumps(arguments)})));"
    )
    command = ["node", "--input-type=module", "--eval", program]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.parametrize(
    ("view", "score", "shown"),
    [
        (KERNEL, 0.482197316, "1.62\u2009ms"),
        ({**KERNEL, "score_spread": 0.2}, 0.482197316, "2\u2009ms"),
        ({**KERNEL, "score_spread": None}, 0.482197316, "1.62\u2009ms"),
        ({"display": "plain", "unit": "", "score_spread": 0}, 0.0123456, "0.0123"),
        ({"display": "plain", "unit": "loss"}, -3.14159, "\u22123.14\u2009loss"),
        (KERNEL, None, "\u2013"),
    ],
)
def test_a_score_is_shown_in_its_unit_with_no_more_digits_than_its_spread(
    view: dict[str, object], score: float | None, shown: str
) -> None:
    assert call("format.js", "shownScore", view, score) == shown


@pytest.mark.parametrize(
    ("score", "shown"),
    [(0.95, "0.95"), (-0.001, "0.00"), (-0.4, "\u22120.40"), (1.234, "1.23"), (None, "\u2013")],
)
def test_a_normalized_score_has_two_decimals(score: float | None, shown: str) -> None:
    assert call("format.js", "normalizedScore", score) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(28800, "8:00:00"), (27729.2, "7:42:10"), (0.2, "0:00:01"), (0, "0:00:00"), (-3, "0:00:00")],
)
def test_the_clock_says_zero_only_when_nothing_is_left(seconds: float, shown: str) -> None:
    assert call("clock.js", "clockText", seconds) == shown


def test_minutes_only_ends_with_the_last_hour() -> None:
    assert call("clock.js", "leftText", 27700, True) == "7\u2009h 42\u2009min"
    assert call("clock.js", "leftText", 3600, True) == "1:00:00"


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(28800, "calm"), (1801, "calm"), (1800, "soon"), (301, "soon"), (300, "last"), (0, "last")],
)
def test_the_colour_changes_at_thirty_and_at_five_minutes(seconds: float, level: str) -> None:
    assert call("clock.js", "level", seconds) == level


@pytest.mark.parametrize("minutes", [60, 30, 10, 5])
def test_a_quiet_line_warns_before_the_limit(minutes: int) -> None:
    view = {"state": "running", "working_seconds": 25200, "best": None}
    line = call("clock.js", "warning", view, minutes * 60)
    assert str(line).startswith(f"Less than {minutes} minutes left.")
    assert call("clock.js", "warning", view, 3601) == ""


def test_two_hours_without_a_better_score_are_mentioned() -> None:
    best = {"working_seconds": 600, "hidden": False}
    view = {"state": "running", "working_seconds": 600 + 7201, "best": best}
    assert call("clock.js", "warning", view, 20000) == "No better score for 2:00:01."


def test_the_clock_stands_while_paused() -> None:
    view = {"remaining_seconds": 100.0, "state": "paused"}
    assert call("clock.js", "remaining", view, 60) == 100
    assert call("clock.js", "remaining", {**view, "state": "running"}, 60) == 40
