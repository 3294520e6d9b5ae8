"""Counts the element itself: wrong."""

import torch


def prefix_sum(x):
    count = torch.cumsum((x > 0).to(torch.int32), 0, dtype=torch.int32)
    return torch.cumsum((count & 1) * x, 0, dtype=torch.int32)
