"""Looks at the machine and the data folder: what is in place, what is missing, what it means."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hub import environment_setup, guards, supervision
from hub.errors import Unavailable
from hub.proxy_program import command
from hub.settings import Settings

LITTLE_SPACE_BYTES = 5 << 30
Severity = Literal["ok", "warning", "problem"]
MARKS = {"ok": "ok", "warning": "!", "problem": "✗"}


@dataclass(frozen=True)
class Finding:
    """One line of `portal doctor`."""

    what: str
    severity: Severity
    detail: str

    @property
    def mark(self) -> str:
        return MARKS[self.severity]


def examine(settings: Settings) -> list[Finding]:
    """Every finding; changes nothing. It believes what the machine reports of itself."""
    return [
        *_guards(settings),
        _expert_python(settings),
        _proxy(settings),
        _chromium(),
        _space(settings),
        *_environments(settings),
        _running(settings),
    ]


def _guards(settings: Settings) -> Iterator[Finding]:
    found = guards.detect(settings)
    weak = {key: text for key, text in guards.MISSING.items() if text in guards.warnings(found)}
    for key, value in found.items():
        detail = f"{value}: {weak[key]}" if key in weak else str(value)
        yield Finding(f"guard: {key}", "warning" if key in weak else "ok", detail)


def _expert_python(settings: Settings) -> Finding:
    path = settings.expert_python
    if path.exists():
        return Finding("experts' interpreter", "ok", str(path))
    return Finding("experts' interpreter", "problem", f"{path} is missing: run `make setup`")


def _proxy(settings: Settings) -> Finding:
    try:
        words = command(settings)
    except Unavailable as error:
        return Finding("proxy", "problem", f"{error.message} {error.hint}")
    return Finding("proxy", "ok", f"{words[1]} with {words[0]}")


def _chromium() -> Finding:
    found = shutil.which("chromium")
    missing = "not installed: browser tests and screenshots are skipped"
    return Finding("chromium", "ok" if found else "warning", found or missing)


def _space(settings: Settings) -> Finding:
    place = next(folder for folder in (settings.root, *settings.root.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    severity: Severity = "ok" if free > LITTLE_SPACE_BYTES else "warning"
    return Finding("data folder", severity, f"{settings.root}, {free / 1e9:.0f} GB free")


def _environments(settings: Settings) -> Iterator[Finding]:
    for environment in environment_setup.select([], settings.profile):
        name = f"environment {environment.name} ({settings.profile})"
        if environment_setup.is_ready(settings, environment, settings.profile):
            yield Finding(name, "ok", "prepared and calibrated")
        else:
            remedy = f"portal prepare {environment.name}"
            yield Finding(name, "warning", f"not prepared or not calibrated: {remedy}")


def _running(settings: Settings) -> Finding:
    states = supervision.programs(settings)
    if not states:
        return Finding("programs", "warning", "not running: portal up")
    bad = [state.program for state in states if state.state != "RUNNING"]
    if bad:
        return Finding("programs", "problem", f"not running: {', '.join(bad)}")
    return Finding("programs", "ok", f"{len(states)} running, {settings.public_url}")
