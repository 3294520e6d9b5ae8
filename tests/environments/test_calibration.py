"""Calibration: both ends measured, kept, and refused when they make no scale."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from environments import calibration, preparing
from environments.contract import Environment
from environments.outcomes import ScorerFailure
from environments.scale import Calibration, Spread
from tests.environments import plain_launcher


@pytest.fixture
def assets(toy: Environment, tmp_path: Path) -> Path:
    assets = tmp_path / "assets"
    run = preparing.trusted_run(plain_launcher.PYTHON)
    preparing.prepare(toy, toy.profiles["small"], assets, run)
    return assets


def calibrate(toy: Environment, assets: Path, repeats: int = 2) -> Calibration:
    profile = toy.profiles["small"]
    return calibration.calibrate(toy, profile, assets, plain_launcher.launch, repeats)


def test_both_ends_are_scored_as_often_as_asked(toy: Environment, assets: Path) -> None:
    measured = calibrate(toy, assets, repeats=3)
    assert measured.starting == Spread(2.0, 0.0, (2.0, 2.0, 2.0))
    assert measured.reference.mean == 10.0
    assert measured.scoring_seconds > 0


def test_what_was_measured_is_found_again(toy: Environment, assets: Path) -> None:
    assert calibration.load(assets) is None
    measured = calibrate(toy, assets)
    assert calibration.load(assets) == measured


def test_the_json_has_the_documented_shape(toy: Environment, assets: Path) -> None:
    table = json.loads(json.dumps(calibrate(toy, assets).to_json()))
    assert list(table) == ["environment", "profile", "starting", "reference", "scoring_seconds"]
    assert table["starting"] == {"mean": 2.0, "sd": 0.0, "scores": [2.0, 2.0]}


def test_an_end_that_is_not_valid_is_our_fault(toy: Environment, assets: Path) -> None:
    (toy.folder / "reference" / "answer.txt").write_text("ten")
    with pytest.raises(ScorerFailure, match="reference solution of toy is invalid: 'ten'"):
        calibrate(toy, assets)
    assert calibration.load(assets) is None


def test_two_equal_ends_are_no_scale(toy: Environment, assets: Path) -> None:
    (toy.folder / "reference" / "answer.txt").write_text("2")
    with pytest.raises(ScorerFailure, match="equal"):
        calibrate(toy, assets)


def test_the_spread_is_that_of_one_scoring() -> None:
    spread = Spread.of([1.0, 2.0, 3.0])
    assert (spread.mean, spread.sd) == (2.0, 1.0)


def test_the_gap_is_told_in_the_larger_noise() -> None:
    measured = Calibration("toy", "small", Spread(0, 0.1, ()), Spread(5, 0.5, ()), 1.0)
    assert measured.gap_in_sd == pytest.approx(10)
