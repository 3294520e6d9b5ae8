"""The reference solution of the small profile: one pass over the array, no temporaries.

EXPERT-PORTAL-CANARY e5495537-34e8-4c66-9dd4-8f0db2a76c7c
"""

import numba
import torch


@numba.njit("void(int32[::1], int32[::1])")
def scan(x, y):
    total = numba.int32(0)
    mask = numba.int32(0)  # all ones after an odd count of positive numbers, else zero
    for j in range(x.size):
        value = x[j]
        total = numba.int32(total + (value & mask))
        y[j] = total
        mask = numba.int32(mask ^ -numba.int32(value > 0))


def prefix_sum(x: torch.Tensor) -> torch.Tensor:
    result = torch.empty_like(x)
    scan(x.numpy(), result.numpy())
    return result
