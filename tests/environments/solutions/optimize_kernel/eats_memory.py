"""Asks for memory, and touches it, until there is none."""

import torch

kept = []


def prefix_sum(x):
    while True:
        kept.append(torch.ones(1 << 26, dtype=torch.int32))
