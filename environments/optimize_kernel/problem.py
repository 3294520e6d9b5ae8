"""The function to compute, and inputs that try it. The expert has this file for practice.

EXPERT-PORTAL-CANARY e5495537-34e8-4c66-9dd4-8f0db2a76c7c
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]

SIZES = (1, 2, 3, 17, 64, 1000, 4097, 65_537)
LOWEST, HIGHEST = -(2**31), 2**31 - 1


def expected(x: Ints) -> Ints:
    """The right answer: sums wrap around like int32 does."""
    positive = (x > 0).view(np.uint8)
    parity = np.bitwise_xor.accumulate(positive)  # of the positives among x_0 .. x_j
    odd_before = (parity ^ positive).astype(np.int32)  # … among x_0 .. x_{j-1}
    return np.cumsum(x * odd_before, dtype=np.int32)


def draw(generator: np.random.Generator, count: int, bound: int = 1 << 15) -> Ints:
    """`count` values in [-bound, bound), positive and negative alike."""
    return generator.integers(-bound, bound, count, dtype=np.int32)


def cases(generator: np.random.Generator, largest: int) -> Iterator[Ints]:
    """Inputs for the check before the timing: small, odd and extreme ones."""
    for size in (*SIZES, int(generator.integers(70_000, 200_000))):
        yield draw(generator, min(size, largest))
    for value in (0, 1, -1, LOWEST, HIGHEST):
        yield np.full(1000, value, dtype=np.int32)
    yield generator.integers(LOWEST, HIGHEST, 10_001, dtype=np.int32, endpoint=True)
    one_positive = np.full(5000, -3, dtype=np.int32)
    one_positive[generator.integers(5000)] = 7
    yield one_positive


def mistake(answer: Ints, right: Ints) -> str:
    """The first wrong element in words, an empty text if there is none."""
    wrong = np.flatnonzero(answer != right)
    if wrong.size == 0:
        return ""
    first = int(wrong[0])
    return (
        f"with x of size {right.size:,}, {wrong.size:,} of the sums are wrong. "
        f"The first at index {first:,} is {answer[first]}, it should be {right[first]}"
    )
