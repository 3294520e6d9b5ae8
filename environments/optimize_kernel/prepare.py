"""Prepares Optimize a Kernel: the expert gets the practice files, hidden inputs are drawn later."""

from __future__ import annotations

import shutil
from pathlib import Path

from environments.contract import Profile, TrustedRun

FOLDER = Path(__file__).resolve().parent
PUBLIC = (FOLDER / "problem.py", FOLDER / "assets" / "practice.py")


def prepare(public: Path, private: Path, profile: Profile, run: TrustedRun, secret: bytes) -> None:
    """Nothing is held out: every input is drawn anew while a solution is being scored."""
    for path in PUBLIC:
        shutil.copyfile(path, public / path.name)
