"""Programs of ours over artefacts of the expert: bytes come back, or one of two faults."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from environments.contract import Environment, Scoring
from environments.launching import Launcher
from environments.outcomes import InvalidSolution, ScorerFailure
from environments.scoring import quiet
from environments.trusted_program import run_program
from tests.environments import plain_launcher

HEAD = "import os, sys, struct, time\nfile, out = sys.argv[1], int(sys.argv[-1])\n"


def run(toy: Environment, folder: Path, body: str, launch: Launcher) -> bytes:
    program = folder / "program.py"
    program.write_text(HEAD + body)
    (folder / "artefact.bin").write_bytes(b"\x03")
    profile = replace(toy.profiles["small"], scoring_timeout_seconds=2)
    scoring = Scoring(toy, profile, folder, folder, folder, launch, random.Random(), quiet)
    read_only = {"/data/artefact.bin": folder / "artefact.bin"}
    return run_program(scoring, program, ["/data/artefact.bin"], read_only, output_bytes=16)


@pytest.fixture(params=["plain", pytest.param("sandboxed", marks=pytest.mark.sandbox)])
def launch(request: pytest.FixtureRequest) -> Launcher:
    if request.param == "plain":
        return plain_launcher.launch
    launcher: Launcher = request.getfixturevalue("sandboxed")
    return launcher


def test_the_bytes_it_wrote_come_back(toy: Environment, tmp_path: Path, launch: Launcher) -> None:
    body = "os.pwrite(out, struct.pack('<dd', 2.5, open(file, 'rb').read()[0]), 0)\n"
    assert struct.unpack("<dd", run(toy, tmp_path, body, launch)) == (2.5, 3.0)


def test_a_refusal_is_its_last_line(toy: Environment, tmp_path: Path, launch: Launcher) -> None:
    body = "print('noise')\nprint('The checkpoint lacks wte.')\nsys.exit(3)\n"
    with pytest.raises(InvalidSolution, match=r"^The checkpoint lacks wte\.$"):
        run(toy, tmp_path, body, launch)


def test_any_other_end_is_our_fault(toy: Environment, tmp_path: Path, launch: Launcher) -> None:
    with pytest.raises(ScorerFailure) as caught:
        run(toy, tmp_path, "raise RuntimeError('a bug of ours')\n", launch)
    assert "a bug of ours" in caught.value.log


def test_too_long_is_invalid_and_names_the_limit(
    toy: Environment, tmp_path: Path, launch: Launcher
) -> None:
    with pytest.raises(InvalidSolution, match="limit of 2 seconds"):
        run(toy, tmp_path, "time.sleep(60)\n", launch)


def test_a_kill_is_told_as_one(toy: Environment, tmp_path: Path, launch: Launcher) -> None:
    with pytest.raises(InvalidSolution, match="GiB of memory"):
        run(toy, tmp_path, "os.kill(os.getpid(), 9)\n", plain_launcher.launch)


def test_it_cannot_make_the_answer_longer(
    toy: Environment, tmp_path: Path, launch: Launcher
) -> None:
    with pytest.raises(ScorerFailure):
        run(toy, tmp_path, "os.ftruncate(out, 1 << 40)\n", launch)
