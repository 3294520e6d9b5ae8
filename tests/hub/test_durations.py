"""Lengths of time, as people type and read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.durations import clock, seconds
from hub.errors import BadInput


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("8h", 28800), ("1h30m", 5400), ("90m", 5400), ("45s", 45), ("2.5h", 9000), ("600", 600),
     (" 1h2m3s ", 3723)],
)  # fmt: skip
def test_a_length_is_read_as_people_write_it(text: str, wanted: float) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "0", "0h", "-5m", "soon", "1m1h", "8 hours", "1e3", "nan"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadInput, match="no length of time") as caught:
        seconds(text)
    assert "1h30m" in caught.value.hint


@given(st.integers(1, 10**6))
def test_what_the_clock_shows_can_be_typed_back(length: int) -> None:
    shown = clock(length)
    assert shown is not None
    hours, minutes, rest = shown.split(":")
    assert seconds(f"{hours}h{minutes}m{rest}s") == length


def test_what_is_past_has_a_minus_and_nothing_is_nothing() -> None:
    assert clock(-61.0) == "-0:01:01"
    assert clock(-0.4) == "0:00:00"
    assert clock(None) is None
