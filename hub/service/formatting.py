"""Numbers, times and words as people read them. `static/format.js` says the same in the browser."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

THIN_SPACE = "\u2009"
MINUS = "\u2212"
MOST_DECIMALS = 6
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
DEFAULT_DIGITS = 3  # significant ones, where no calibration says how noisy a score is

STATES = {
    "assigned": "not started", "preparing": "preparing", "ready": "ready", "running": "running",
    "paused": "paused", "ending": "ending", "finished": "finished",
}  # fmt: skip
ENDINGS = {
    "submitted": "submitted", "time_up": "time is up", "gave_up": "given up",
    "ended_by_admin": "ended by an admin",
}  # fmt: skip
STATUSES = {
    "valid": "✓", "invalid": "○", "failed": "⚠", "queued": "…", "scoring": "▸", "hidden": "–",
}  # fmt: skip

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def hms(seconds: float | None) -> str:
    """`h:mm:ss`, whole seconds; a remainder never shows as more than there is."""
    if seconds is None:
        return "–"
    whole = int(abs(seconds))
    text = f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return MINUS + text if seconds <= -1 else text


def normalized(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}".replace("-", MINUS) if abs(value) >= 0.005 else "0.00"


def raw_score(score: float | None, view: Mapping[str, Any]) -> str:
    """A score as a person reads it: `1.62 ms`, with no more digits than the noise justifies."""
    if score is None:
        return "–"
    value, unit, slope = score, str(view.get("unit") or ""), 1.0
    kind, _, shown_unit = str(view.get("display") or "plain").partition(":")
    if kind == "exp":
        value = slope = math.exp(min(score, 700.0))
        unit = shown_unit
    spread = view.get("score_spread")
    digits = decimals(value, spread * slope if spread else None)
    text = f"{value:.{digits}f}".replace("-", MINUS)
    return f"{text}{THIN_SPACE}{unit}" if unit else text


def decimals(value: float, noise: float | None) -> int:
    """Places after the point: down to the first digit of the noise."""
    if noise:
        return max(0, min(MOST_DECIMALS, -math.floor(math.log10(noise))))
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    return max(0, min(MOST_DECIMALS, DEFAULT_DIGITS - 1 - magnitude))


def full_precision(score: float | None) -> str:
    return "" if score is None else repr(score)


def moment(value: str | datetime | None) -> Markup:
    """A `<time>` in UTC; `static/times.js` turns it into the viewer's zone."""
    if value is None:
        return Markup("–")
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    utc = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), utc, utc)


def markdown(text: str) -> Markup:
    """HTML in the source stays text, so it cannot bring scripts; comments are left out."""
    return Markup(_markdown.render(COMMENT.sub("", text)))


def first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


FILTERS: dict[str, Callable[..., Any]] = {
    "hms": hms, "normalized": normalized, "raw_score": raw_score, "moment": moment,
    "full_precision": full_precision, "markdown": markdown, "first_line": first_line,
    "state_word": lambda state: STATES.get(state, state),
    "ending_word": lambda ending: ENDINGS.get(ending, ending or ""),
    "status_sign": lambda status: STATUSES.get(status, ""),
}  # fmt: skip
