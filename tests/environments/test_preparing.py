"""Preparation: once, whole or not at all, and always with the same secret."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from environments import preparing, registry
from environments.contract import Environment
from environments.outcomes import ScorerFailure
from tests.environments import plain_launcher

RUN = preparing.trusted_run(plain_launcher.PYTHON)


def prepare(toy: Environment, assets: Path, *, force: bool = False) -> list[str]:
    stages: list[str] = []
    profile = toy.profiles["small"]
    preparing.prepare(toy, profile, assets, RUN, force=force, progress=stages.append)
    return stages


def test_public_and_private_are_filled_apart(toy: Environment, tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    prepare(toy, assets)
    assert (assets / "public" / "sample.txt").read_text() == "small"
    assert stat.S_IMODE((assets / "private").stat().st_mode) == 0o700
    secret = (assets / "private" / "secret").read_bytes()
    assert len(secret) == 32
    assert (assets / "private" / "held_out.txt").read_text() == secret.hex()


def test_a_second_preparation_does_nothing(toy: Environment, tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    assert prepare(toy, assets) == ["preparing", "prepared"]
    assert prepare(toy, assets) == ["up to date"]


def test_a_changed_environment_is_prepared_anew(toy: Environment, tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    prepare(toy, assets)
    assert preparing.is_prepared(toy, assets)
    (toy.folder / "README.md").write_text("changed")
    assert not preparing.is_prepared(toy, assets)
    assert prepare(toy, assets) == ["preparing", "prepared"]


def test_the_secret_outlives_a_preparation_and_the_calibration_does_not(
    toy: Environment, tmp_path: Path
) -> None:
    assets = tmp_path / "assets"
    prepare(toy, assets)
    secret = (assets / "private" / "secret").read_bytes()
    (assets / "calibration.json").write_text("{}")
    prepare(toy, assets, force=True)
    assert (assets / "private" / "secret").read_bytes() == secret
    assert not (assets / "calibration.json").exists()


def test_two_installations_have_two_secrets(toy: Environment, tmp_path: Path) -> None:
    prepare(toy, tmp_path / "a")
    prepare(toy, tmp_path / "b")
    first, second = (tmp_path / name / "private" / "secret" for name in "ab")
    assert first.read_bytes() != second.read_bytes()


def test_a_preparation_that_breaks_leaves_the_old_assets(toy: Environment, tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    prepare(toy, assets)
    (toy.folder / "starting" / "answer.txt").write_text("3")  # asks for a new preparation
    (tmp_path / "assets" / "public" / "marker").write_text("old")
    broken = plain_launcher.CHECKOUT / "no-such-file"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "preparer", lambda environment: Breaking(broken))
        with pytest.raises(FileNotFoundError):
            prepare(toy, assets)
    assert (assets / "public" / "marker").read_text() == "old"


class Breaking:
    """A preparer that reads a file that is not there, half-way."""

    def __init__(self, missing: Path) -> None:
        self.missing = missing

    def prepare(self, public: Path, *rest: object) -> None:
        (public / "half").write_text("half")
        self.missing.read_bytes()


def test_a_solution_is_the_folder_with_the_generated_parts_over_it(
    toy: Environment, tmp_path: Path
) -> None:
    prepare(toy, tmp_path / "assets")
    target = preparing.starting_solution(toy, tmp_path / "assets", tmp_path / "solution")
    found = {path.name: path.read_text() for path in target.iterdir()}
    assert found == {"answer.txt": "2\n", "generated.txt": "generated"}


def test_the_reference_is_laid_without_what_interpreters_leave(
    toy: Environment, tmp_path: Path
) -> None:
    prepare(toy, tmp_path / "assets")
    (toy.folder / "reference" / "__pycache__").mkdir()
    target = preparing.reference_solution(toy, tmp_path / "assets", tmp_path / "solution")
    assert os.listdir(target) == ["answer.txt"]


def test_the_record_says_by_which_version(toy: Environment, tmp_path: Path) -> None:
    prepare(toy, tmp_path / "assets")
    record = json.loads((tmp_path / "assets" / "prepared.json").read_text())
    assert record["environment_hash"] == registry.environment_hash(toy)
    assert record["profile"] == "small"


def test_a_program_of_ours_may_import_its_neighbours_and_sees_no_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_PLANTED", "secret")
    (tmp_path / "neighbour.py").write_text("import os\nSEEN = 'PORTAL_PLANTED' in os.environ\n")
    program = tmp_path / "program.py"
    program.write_text("import sys, neighbour\nopen(sys.argv[1], 'w').write(str(neighbour.SEEN))\n")
    RUN(program, str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "False"


def test_a_program_that_fails_shows_its_last_lines(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("raise SystemExit('no space left')\n")
    with pytest.raises(ScorerFailure, match=r"program.py ended with 1.\nno space left"):
        RUN(program)
