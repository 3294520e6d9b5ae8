"""SplitMix64: our own generator, because libraries may change theirs and so our texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

_GAMMA = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_BLOCK = 1 << 14  # numbers made at once


class Random64:
    """Whole numbers from a 64-bit seed, equal on every machine. Not for secrets: invertible."""

    def __init__(self, seed: int):
        self._seed = seed & _MASK
        self.draw = chain.from_iterable(self._blocks()).__next__  # 32 random bits a call

    def _blocks(self) -> Iterator[list[int]]:
        start = 1
        while True:
            steps = np.arange(start, start + _BLOCK, dtype=np.uint64)
            yield (
                _mix(np.uint64(self._seed) + steps * np.uint64(_GAMMA)) >> np.uint64(32)
            ).tolist()
            start += _BLOCK

    def below(self, bound: int) -> int:
        """0 … bound − 1; uneven by less than bound / 2^32."""
        return self.draw() * bound >> 32

    def choice(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def permutation(self, length: int) -> list[int]:
        """Fisher-Yates, from the last place to the first."""
        order = list(range(length))
        for last in range(length - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def seed_from(secret: bytes, purpose: str) -> int:
    """A 64-bit seed for one purpose; two purposes of one secret tell nothing of each other."""
    return int.from_bytes(hashlib.sha256(purpose.encode() + b"\0" + secret).digest()[:8], "big")
