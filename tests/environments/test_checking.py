"""`portal check`: a whole environment passes, and each missing promise is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments import calibration, checking, preparing
from environments.contract import Environment
from tests.environments import plain_launcher


@pytest.fixture
def assets(toy: Environment, tmp_path: Path) -> Path:
    assets = tmp_path / "assets"
    run = preparing.trusted_run(plain_launcher.PYTHON)
    profile = toy.profiles["small"]
    preparing.prepare(toy, profile, assets, run)
    calibration.calibrate(toy, profile, assets, plain_launcher.launch, 2)
    return assets


def problems(toy: Environment, assets: Path) -> dict[str, str]:
    results = checking.check(toy, toy.profiles["small"], assets, plain_launcher.launch)
    assert len(results) == len(checking.CHECKS)
    return {result.check: result.detail for result in results if not result.ok}


def test_a_whole_environment_passes_every_check(toy: Environment, assets: Path) -> None:
    assert problems(toy, assets) == {}


def test_a_missing_file_is_named(toy: Environment, assets: Path) -> None:
    (toy.folder / "README.md").unlink()
    found = problems(toy, assets)
    assert found["the folder is complete"] == "missing: README.md"
    assert "the assets are current" in found


def test_a_missing_canary_is_found(toy: Environment, assets: Path) -> None:
    (toy.folder / "instructions.md").write_text("Write a number.")
    assert problems(toy, assets)["the canary line is there"] == "no canary line in instructions.md"


@pytest.mark.parametrize("hidden", ["secret", "held_out.txt"])
def test_a_private_file_among_the_public_ones_is_found(
    toy: Environment, assets: Path, hidden: str
) -> None:
    content = (assets / "private" / hidden).read_bytes()
    (assets / "public" / "innocent.txt").write_bytes(content)
    assert "innocent.txt" in problems(toy, assets)["nothing private is public"]


def test_a_reference_solution_among_the_public_files_is_found(
    toy: Environment, assets: Path
) -> None:
    (assets / "public" / "hint.txt").write_text("10\n")
    assert "hint.txt" in problems(toy, assets)["nothing private is public"]


def test_an_end_off_the_scale_is_found(toy: Environment, assets: Path) -> None:
    (toy.folder / "reference" / "answer.txt").write_text("8\n")
    assert problems(toy, assets)["the reference solution scores 1"] == "normalized score 0.750"


def test_without_calibration_the_checks_say_what_to_do(toy: Environment, assets: Path) -> None:
    (assets / "calibration.json").unlink()
    found = problems(toy, assets)
    assert found["the starting solution scores 0"] == checking.NO_SCALE
    assert found["the gap exceeds the noise"] == checking.NO_SCALE


def test_unprepared_assets_are_found_and_nothing_crashes(toy: Environment, tmp_path: Path) -> None:
    assert "the assets are current" in problems(toy, tmp_path / "nowhere")
