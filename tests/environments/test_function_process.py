"""The order of one call: what was there at "done" must be all there ever is."""

from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import pytest

from environments.contract import Environment, Profile, Scoring
from environments.function_process import Call, FunctionProcess
from environments.launching import Launch
from environments.outcomes import InvalidSolution
from environments.scoring import quiet
from tests.environments import plain_launcher

DOUBLE = "def double(x):\n    return x * 2\n"


def process(
    environment: Environment, profile: Profile, folder: Path, text: str, capacity: int = 100_000
) -> FunctionProcess:
    (folder / "solution.py").write_text(text)
    launch = plain_launcher.launch
    scoring = Scoring(environment, profile, folder, folder, folder, launch, random.Random(), quiet)
    return FunctionProcess(scoring, "solution.py", "double", "int64", capacity, "cpu")


def test_any_dtype_goes_in_and_comes_back(
    kernel: Environment, kernel_profile: Profile, tmp_path: Path
) -> None:
    with process(kernel, kernel_profile, tmp_path, DOUBLE) as solution:
        for size in (1, 7, 100_000):
            call = solution.call(np.arange(size))
            assert call.finished_in_time()
            assert call.output.tolist() == list(range(0, 2 * size, 2))
        assert 0 < solution.empty_call_seconds() < 1


def test_what_comes_after_the_answer_is_noticed() -> None:
    late = Call(0.1, np.array([1, 2, 3]), np.array([0, 2]), np.array([1, 9]))
    assert not late.finished_in_time()


def test_a_solution_that_cannot_be_loaded_leaves_no_process(
    kernel: Environment, kernel_profile: Profile, tmp_path: Path
) -> None:
    started: list[plain_launcher.PlainProcess] = []
    (tmp_path / "solution.py").write_text("raise ValueError('no')\n")

    def launch(wanted: Launch) -> plain_launcher.PlainProcess:
        started.append(plain_launcher.launch(wanted))
        return started[-1]

    scoring = Scoring(
        kernel, kernel_profile, tmp_path, tmp_path, tmp_path,
        launch, random.Random(), quiet,
    )  # fmt: skip
    with (
        pytest.raises(InvalidSolution, match="ValueError: no"),
        FunctionProcess(scoring, "solution.py", "double", "int64", 10, "cpu"),
    ):
        pass
    assert started[0].wait(0) is not None


def test_the_solution_stands_still_between_calls(
    kernel: Environment, kernel_profile: Profile, tmp_path: Path
) -> None:
    counting = """
import threading, time
count = 0
def tick():
    global count
    while True:
        count += 1
        time.sleep(0.001)
threading.Thread(target=tick, daemon=True).start()
def double(x):
    return x * 0 + count
"""
    with process(kernel, kernel_profile, tmp_path, counting) as solution:
        before = int(solution.call(np.arange(1)).output[0])
        time.sleep(1)
        after = int(solution.call(np.arange(1)).output[0])
    assert after - before < 100  # a second of freedom would be hundreds
