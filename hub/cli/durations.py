"""Lengths of time as people type them: `8h`, `1h30m`, `90s`, or plain seconds."""

from __future__ import annotations

import re

from hub.errors import BadInput

PATTERN = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")
SECONDS = (3600.0, 60.0, 1.0)


def seconds(text: str) -> float:
    """Raises `BadInput` with examples unless `text` is a length above zero."""
    match = PATTERN.fullmatch(text.strip())
    parts = match.groups() if match else ()
    total = sum(
        float(part) * unit for part, unit in zip(parts, SECONDS, strict=False) if part is not None
    )
    if total <= 0:
        raise BadInput(f"{text!r} is no length of time.", hint="Examples: 8h, 1h30m, 90s.")
    return total


def clock(length_seconds: float | None) -> str | None:
    """`h:mm:ss`, with a minus sign for what is past."""
    if length_seconds is None:
        return None
    whole = int(abs(length_seconds))
    sign = "-" if length_seconds <= -1 else ""
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
