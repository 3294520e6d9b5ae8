"""Numbers and times as people read them."""

from __future__ import annotations

import math

import pytest

from hub.errors import BadInput
from hub.service.admin_pages import seconds_of
from hub.service.formatting import hms, markdown, normalized, raw_score

MS = {"display": "exp:ms", "unit": "ln(ms)", "score_spread": 0.01}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00:00"), (59.999, "0:00:59"), (28800, "8:00:00"), (27730.5, "7:42:10"),
     (360000, "100:00:00"), (None, "–")],
)  # fmt: skip
def test_times_are_hours_minutes_seconds(seconds: float | None, text: str) -> None:
    assert hms(seconds) == text


def test_a_raw_score_is_shown_in_its_unit_with_as_many_digits_as_the_noise_justifies() -> None:
    assert raw_score(math.log(1.6234), MS) == "1.62\u2009ms"
    assert raw_score(math.log(1.6234), {**MS, "score_spread": 0.2}) == "1.6\u2009ms"
    assert raw_score(math.log(1623.4), MS) == "1623\u2009ms"
    assert raw_score(0.48231, {"display": "plain", "unit": ""}) == "0.482"
    assert raw_score(None, MS) == "–"


def test_normalized_scores_have_two_decimals_and_no_negative_zero() -> None:
    assert [normalized(x) for x in (0.0, -0.001, 1 / 3, -1.5, None)] == [
        "0.00", "0.00", "0.33", "\u22121.50", "–"]  # fmt: skip


def test_instructions_cannot_bring_scripts() -> None:
    assert "canary" not in markdown("x\n\n<!-- canary -->\n")
    page = markdown("# Title\n<script>alert(1)</script>\n[x](javascript:alert(1))")
    assert "<h1>Title</h1>" in page
    assert "<script>" not in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize(("text", "seconds"), [("8:00", 28800), ("0:30", 1800), ("0:00:20", 20)])
def test_durations_are_read_as_they_are_written(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "8", "0:00", "1:75", "-1:00", "999:00", "eight", "1:00:00:00"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(BadInput):
        seconds_of(text)
