"""Right and plain: the others break one rule each."""

import torch


def prefix_sum(x):
    positive = (x > 0).to(torch.int32)
    before = torch.cumsum(positive, 0, dtype=torch.int32) - positive
    return torch.cumsum((before & 1) * x, 0, dtype=torch.int32)
