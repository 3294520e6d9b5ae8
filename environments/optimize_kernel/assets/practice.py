"""Practice: check and time a `prefix_sum` in this process, by the rules of the scorer.

From a terminal: python /environment/assets/practice.py ~/solution
Nothing is logged. The score itself is taken elsewhere, by another clock.
"""

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
import problem  # type: ignore[import-not-found]  # lies beside this file where it is used

ELEMENTS = 1 << 22
Function = Callable[[torch.Tensor], torch.Tensor]


def load(folder: str | Path) -> Function:
    """`prefix_sum` of the `solution.py` in a folder, read anew at every call."""
    sys.path.insert(0, str(Path(folder).expanduser().resolve()))
    sys.dont_write_bytecode = True  # an edit within the same second would go unnoticed
    sys.modules.pop("solution", None)
    importlib.invalidate_caches()
    return cast(Function, importlib.import_module("solution").prefix_sum)


def check(prefix_sum: Function, elements: int = ELEMENTS) -> str:
    """What is wrong, in words, or an empty text."""
    generator = np.random.default_rng()
    for x in problem.cases(generator, elements):
        y = prefix_sum(torch.from_numpy(x.copy()))
        if type(y) is not torch.Tensor or y.dtype != torch.int32 or y.shape != x.shape:
            return f"for {x.size:,} elements the result is not an int32 tensor of x's shape"
        if mistake := problem.mistake(y.cpu().numpy(), problem.expected(x)):
            return str(mistake)
    return ""


def milliseconds(
    prefix_sum: Function, repeats: int = 9, elements: int = ELEMENTS, device: str = "cpu"
) -> list[float]:
    """Times of calls on fresh inputs, after two to warm up, the copy of the result included."""
    generator = np.random.default_rng()
    given, taken = torch.empty((2, elements), dtype=torch.int32)  # kept, like the scorer's
    times = []
    for _ in range(2 + repeats):
        given.copy_(torch.from_numpy(problem.draw(generator, elements)))
        started = time.perf_counter()
        taken.copy_(prefix_sum(given.to(device)))
        times.append(1000 * (time.perf_counter() - started))
    return times[2:]


def main() -> None:
    function = load(sys.argv[1] if len(sys.argv) > 1 else "solution")
    print(check(function) or "all checks passed")
    times = milliseconds(function)
    print(f"best {min(times):.2f} ms of {', '.join(f'{value:.2f}' for value in times)}")


if __name__ == "__main__":
    main()
