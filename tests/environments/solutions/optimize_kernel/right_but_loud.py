"""Right, prints a hundred megabytes with escape sequences."""

import sys

import torch

sys.stdout.write("\x1b[2Jnonsense\n" * 8_000_000)
sys.stdout.flush()


def prefix_sum(x):
    positive = (x > 0).to(torch.int32)
    before = torch.cumsum(positive, 0, dtype=torch.int32) - positive
    return torch.cumsum((before & 1) * x, 0, dtype=torch.int32)
