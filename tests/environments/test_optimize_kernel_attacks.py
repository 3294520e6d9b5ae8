"""Solutions that are wrong, broken or dishonest: each ends in a sentence, none ends the scorer."""

from __future__ import annotations

import math
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from environments import scoring
from environments.contract import Environment, Profile
from environments.launching import Launcher
from environments.outcomes import Outcome
from tests.environments import plain_launcher

SOLUTIONS = Path(__file__).with_name("solutions") / "optimize_kernel"
ScoreText = Callable[..., Outcome]

REFUSED = {
    "cheat_cache": "is wrong",
    "cheat_early_answer": "is wrong|answered before it was asked|went on writing",
    "cheat_frames": "is wrong",
    "cheat_grow_output": "PermissionError",
    "cheat_large": "is wrong: with x of size 1,200,001",
    "cheat_late_write": "is wrong|answered before it was asked|went on writing",
    "cheat_queue_of_answers": "spoke on the scorer's channel",
    "cheat_subclass": "must be a torch.Tensor, not solution.Agreeable",
    "cheat_write_input": "PermissionError",
    "crashes": "was ended by SIGSEGV",
    "exits": "ended with exit code 0 before it answered",
    "exits_politely": "could not be loaded:.*SystemExit: I am done",
    "no_function": "solution.py has no function prefix_sum",
    "not_a_tensor": "must be a torch.Tensor, not builtins.list",
    "raises": "the dog ate .\\[31mmy kernel",
    "raises_at_import": "No module named 'no_such_library'",
    "returns_x": "is wrong",
    "writes_to_x": "was ended by SIGSEGV.*read-only input",
    "wrong_dtype": "dtype must be that of x, torch.int32, not torch.float64",
    "wrong_off_by_one": "is wrong",
    "wrong_shape": "shape must be that of x",
}


@pytest.fixture
def score(
    kernel: Environment, kernel_profile: Profile, kernel_assets: Path, tmp_path: Path
) -> ScoreText:
    def score(text: str, launch: Launcher = plain_launcher.launch, seconds: float = 20) -> Outcome:
        folder = tmp_path / "solution"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "solution.py").write_text(text)
        profile = replace(kernel_profile, scoring_timeout_seconds=seconds)
        return scoring.score_folder(kernel, profile, folder, kernel_assets, launch)

    return score


def solution(name: str) -> str:
    return (SOLUTIONS / f"{name}.py").read_text()


def assert_refused(outcome: Outcome, sentence: str) -> None:
    assert outcome.status == "invalid", outcome.message
    assert outcome.score is None
    assert re.search(sentence, outcome.message, re.DOTALL), outcome.message
    assert "\x1b" not in outcome.message
    assert len(outcome.message) < 5000


@pytest.mark.parametrize("name", REFUSED)
def test_a_solution_against_the_rules_is_refused_with_a_sentence(
    score: ScoreText, name: str
) -> None:
    assert_refused(score(solution(name)), REFUSED[name])


@pytest.mark.sandbox
@pytest.mark.parametrize("name", [name for name in REFUSED if name.startswith("cheat_")])
def test_a_cheat_is_refused_in_the_sandbox_too(
    score: ScoreText, sandboxed: Launcher, name: str
) -> None:
    assert_refused(score(solution(name), sandboxed), REFUSED[name])


def test_every_kept_solution_is_tried() -> None:
    others = {"right", "right_but_loud", "cheat_clock", "loops", "loops_at_import", "forks",
              "fork_bomb", "eats_memory"}  # fmt: skip
    assert {path.stem for path in SOLUTIONS.glob("*.py")} == set(REFUSED) | others


def test_a_syntax_error_is_shown_with_its_line(score: ScoreText) -> None:
    outcome = score("def prefix_sum(x)\n    return x\n")
    assert_refused(outcome, "could not be loaded:\\s+File .*line 1.*SyntaxError")


def test_a_missing_file_is_named(score: ScoreText, kernel: Environment, tmp_path: Path) -> None:
    outcome = score("")
    assert_refused(outcome, "has no function")
    (tmp_path / "solution" / "solution.py").unlink()
    small = kernel.profiles["small"]
    outcome = scoring.score_folder(
        kernel, small, tmp_path / "solution", tmp_path, plain_launcher.launch
    )
    assert_refused(outcome, "There is no solution.py")


@pytest.mark.parametrize("name", ["loops", "loops_at_import"])
def test_an_endless_loop_ends_at_the_limit(score: ScoreText, name: str) -> None:
    started = time.monotonic()
    assert_refused(score(solution(name), seconds=3), "limit of 3 seconds")
    assert time.monotonic() - started < 6


def test_a_loud_solution_is_scored_and_its_output_shortened(score: ScoreText) -> None:
    outcome = score(solution("right_but_loud"))
    assert outcome.status == "valid", outcome.message
    assert len(outcome.details["output"]) < 10_000


def test_stopping_its_own_clocks_does_not_stop_ours(score: ScoreText) -> None:
    outcome = score(solution("cheat_clock"))
    assert outcome.status == "valid", outcome.message
    assert outcome.score is not None
    assert math.exp(outcome.score) > 50  # it sleeps 50 ms in every call


def test_the_next_scoring_starts_from_nothing(score: ScoreText) -> None:
    assert score(solution("crashes")).status == "invalid"
    assert score(solution("right")).status == "valid"


@pytest.mark.sandbox
def test_a_forgotten_child_neither_disturbs_nor_survives(
    score: ScoreText, sandboxed: Launcher
) -> None:
    assert score(solution("forks"), sandboxed).status == "valid"


@pytest.mark.sandbox
def test_a_fork_bomb_ends_with_its_scoring(score: ScoreText, sandboxed: Launcher) -> None:
    started = time.monotonic()
    assert score(solution("fork_bomb"), sandboxed).status == "invalid"
    assert time.monotonic() - started < 20


@pytest.mark.sandbox
def test_a_solution_that_eats_memory_is_told_so(score: ScoreText, sandboxed: Launcher) -> None:
    assert_refused(score(solution("eats_memory"), sandboxed), "memory")


@pytest.mark.sandbox
def test_inside_there_is_nothing_to_find(
    score: ScoreText, sandboxed: Launcher, kernel: Environment, kernel_assets: Path
) -> None:
    hidden = [kernel.folder / "reference", kernel_assets / "private", kernel.folder / "scorer.py"]
    outcome = score(
        f"""
import os, socket
def prefix_sum(x):
    seen = [path for path in {[str(path) for path in hidden]} if os.path.exists(path)]
    writable = [path for path in ("/solution", "/portal/child") if os.access(path, os.W_OK)]
    processes = [pid for pid in os.listdir("/proc") if pid.isdigit()]
    reached = socket.socket().connect_ex(("1.1.1.1", 53)) == 0
    raise RuntimeError(f"{{seen=}} {{writable=}} {{reached=}} {{len(processes) < 5=}}")
""",
        sandboxed,
    )
    assert_refused(outcome, r"seen=\[\] writable=\[\] reached=False len\(processes\) < 5=True")
