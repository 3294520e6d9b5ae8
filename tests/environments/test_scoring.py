"""The one scoring loop: three outcomes, and nothing a solution does ends it."""

from __future__ import annotations

import random
import stat
from pathlib import Path

import pytest

from environments import scoring
from environments.contract import Environment
from environments.outcomes import Outcome
from environments.scale import Calibration, Spread, save
from tests.environments import plain_launcher


@pytest.fixture
def solution(tmp_path: Path) -> Path:
    folder = tmp_path / "solution"
    folder.mkdir()
    (folder / "answer.txt").write_text("6\n")
    return folder


def score(toy: Environment, solution: Path, profile: str = "small", **more: object) -> Outcome:
    assets = solution.parent / "assets"
    assets.mkdir(exist_ok=True)
    return scoring.score_folder(
        toy,
        toy.profiles[profile],
        solution,
        assets,
        plain_launcher.launch,
        **more,  # type: ignore[arg-type]
    )


def calibrated(solution: Path, starting: float, reference: float) -> None:
    assets = solution.parent / "assets"
    assets.mkdir(exist_ok=True)
    ends = Spread.of([starting]), Spread.of([reference])
    save(assets, Calibration("toy", "small", *ends, scoring_seconds=1.0))


def test_a_number_is_valid_and_keeps_its_details(toy: Environment, solution: Path) -> None:
    outcome = score(toy, solution)
    assert (outcome.status, outcome.score, outcome.message) == ("valid", 6.0, "fine")
    assert outcome.details == {"hidden": "detail"}
    assert outcome.scoring_seconds > 0


def test_without_a_scale_there_is_no_normalized_score(toy: Environment, solution: Path) -> None:
    assert score(toy, solution).normalized_score is None


def test_published_constants_normalize_until_calibrated(toy: Environment, solution: Path) -> None:
    assert score(toy, solution, "paper").normalized_score == pytest.approx(0.06)
    calibrated(solution, starting=2.0, reference=10.0)
    assert score(toy, solution, "paper").normalized_score == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("answer", "normalized"), [("2", 0.0), ("10", 1.0), ("18", 2.0), ("-6", -1.0)]
)
def test_normalized_scores_are_not_clipped(
    toy: Environment, solution: Path, answer: str, normalized: float
) -> None:
    calibrated(solution, starting=2.0, reference=10.0)
    (solution / "answer.txt").write_text(answer)
    assert score(toy, solution).normalized_score == pytest.approx(normalized)


def test_a_lower_score_may_be_the_better_one(toy: Environment, solution: Path) -> None:
    calibrated(solution, starting=10.0, reference=2.0)
    assert score(toy, solution).normalized_score == pytest.approx(0.5)


def test_a_broken_rule_is_invalid_and_has_no_number(toy: Environment, solution: Path) -> None:
    calibrated(solution, starting=2.0, reference=10.0)
    (solution / "answer.txt").write_text("seven")
    outcome = score(toy, solution)
    assert (outcome.status, outcome.score, outcome.normalized_score) == ("invalid", None, None)
    assert outcome.message == "'seven' is not a number"
    assert outcome.details == {"why": "text"}


@pytest.mark.parametrize("answer", ["failure", "crash", "nan", "inf", "unloggable"])
def test_a_fault_of_ours_is_failed_and_says_nothing_of_its_insides(
    toy: Environment, solution: Path, answer: str
) -> None:
    (solution / "answer.txt").write_text(answer)
    outcome = score(toy, solution)
    assert (outcome.status, outcome.score, outcome.message) == ("failed", None, scoring.OURS)
    assert outcome.details["log"]


def test_a_missing_file_is_invalid_by_name(toy: Environment, solution: Path) -> None:
    (solution / "answer.txt").unlink()
    outcome = score(toy, solution)
    assert outcome.status == "invalid"
    assert "answer.txt" in outcome.message


def test_a_link_is_not_a_solution_file(toy: Environment, solution: Path, tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("10")
    (solution / "answer.txt").unlink()
    (solution / "answer.txt").symlink_to(tmp_path / "private.txt")
    assert score(toy, solution).status == "invalid"


def test_a_folder_in_the_place_of_a_file_is_invalid(toy: Environment, solution: Path) -> None:
    (solution / "answer.txt").unlink()
    (solution / "answer.txt").mkdir()
    assert score(toy, solution).status == "invalid"


def test_too_many_bytes_are_invalid_with_both_numbers(toy: Environment, solution: Path) -> None:
    (solution / "big.bin").write_bytes(bytes(2000))
    assert "2,002 bytes, 1,000 are allowed" in score(toy, solution).message


def test_the_other_uid_can_read_what_the_umask_hid(toy: Environment, solution: Path) -> None:
    (solution / "answer.txt").chmod(0o600)
    score(toy, solution)
    assert stat.S_IMODE((solution / "answer.txt").stat().st_mode) == 0o644


def test_progress_is_told(toy: Environment, solution: Path) -> None:
    stages: list[str] = []
    score(toy, solution, progress=stages.append)
    assert stages == ["reading"]


def test_randomness_is_fresh_unless_given(toy: Environment, solution: Path) -> None:
    (solution / "answer.txt").write_text("lucky")
    assert score(toy, solution).score != score(toy, solution).score
    first, second = (score(toy, solution, random=random.Random(1)).score for _ in range(2))
    assert first == second
