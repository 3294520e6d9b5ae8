"""`portal …` in this process: exit code, stdout and stderr."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from hub.cli import main


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """Calls the console script's own function, so that errors become sentences and codes."""

    def __init__(self, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capture = capture
        self._patch = patch

    def __call__(self, *words: str) -> Answer:
        self._patch.setattr(sys, "argv", ["portal", *words])
        self._capture.readouterr()
        code: int | str | None = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        assert isinstance(code, int | None)
        printed = self._capture.readouterr()
        return Answer(code or 0, printed.out, printed.err)
