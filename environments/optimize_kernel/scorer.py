"""Scores Optimize a Kernel: right on every input drawn here, then ln(milliseconds) of a call.

EXPERT-PORTAL-CANARY e5495537-34e8-4c66-9dd4-8f0db2a76c7c
"""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from environments.contract import Scoring
from environments.function_process import FunctionProcess
from environments.optimize_kernel import problem
from environments.outcomes import InvalidSolution, Score

FILE, FUNCTION = "solution.py", "prefix_sum"
EMPTY_CALLS = 5
STATISTICS: Mapping[str, Callable[[list[float]], float]] = {
    "minimum": min,
    "median": statistics.median,
}


@dataclass(frozen=True)
class Plan:
    """The profile's sizes."""

    elements: int  # of a timed call
    warm_ups: int
    repeats: int
    statistic: str  # minimum where the machine is shared, median where it is not
    device: str

    @staticmethod
    def of(settings: Mapping[str, Any]) -> Plan:
        return Plan(**{key: settings[key] for key in Plan.__dataclass_fields__})


def score(scoring: Scoring) -> Score:
    """Natural logarithm of the milliseconds of one call. Lower is better.

    Raises `InvalidSolution` for a wrong or missing answer.
    """
    plan = Plan.of(scoring.profile.settings)
    generator = np.random.default_rng(scoring.random.getrandbits(128))
    scoring.progress("loading your solution")
    with FunctionProcess(
        scoring, FILE, FUNCTION, "int32", max(plan.elements, 200_000), plan.device
    ) as solution:
        scoring.progress("checking small and odd sizes")
        for x in problem.cases(generator, plan.elements):
            checked_milliseconds(solution, x)
        for warm_up in range(plan.warm_ups):
            scoring.progress(f"warming up, {warm_up + 1} of {plan.warm_ups}")
            checked_milliseconds(solution, problem.draw(generator, plan.elements))
        empty = [1000 * solution.empty_call_seconds() for _ in range(EMPTY_CALLS)]
        times = []
        for repeat in range(plan.repeats):
            scoring.progress(f"timing call {repeat + 1} of {plan.repeats}")
            x = problem.draw(generator, plan.elements)
            times.append(checked_milliseconds(solution, x))
        output = solution.output()
    return _score(plan, times, empty, output)


def checked_milliseconds(solution: FunctionProcess, x: problem.Ints) -> float:
    """Time of one call. The right answer is computed only after the solution has answered."""
    call = solution.call(x)
    if not call.finished_in_time():
        raise InvalidSolution(f"{FUNCTION} went on writing its result after it had returned.")
    if mistake := problem.mistake(call.output, problem.expected(x)):
        raise InvalidSolution(f"{FUNCTION} is wrong: {mistake}.")
    return 1000 * call.seconds


def _score(plan: Plan, times: list[float], empty: list[float], output: str) -> Score:
    milliseconds = STATISTICS[plan.statistic](times)
    what = "best" if plan.statistic == "minimum" else plan.statistic
    details = {
        "milliseconds": times,
        "empty_call_milliseconds": empty,
        "statistic": plan.statistic,
        "elements": plan.elements,
        "device": plan.device,
        "load_average": os.getloadavg()[0],
        "output": output,
    }
    message = (
        f"{milliseconds:.2f} ms, {what} of {len(times)} timed calls on {plan.elements:,} elements."
    )
    return Score(math.log(milliseconds), message, details)
