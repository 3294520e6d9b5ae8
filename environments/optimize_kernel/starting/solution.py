"""The starting solution: the definition, one torch operation after the other."""

import torch


def prefix_sum(x: torch.Tensor) -> torch.Tensor:
    """Running sum of those x_j before which the count of positive numbers is odd."""
    positive = (x > 0).to(torch.int64)
    count = torch.cumsum(positive, dim=0)
    count_before = count - positive
    counted = torch.where(count_before % 2 == 1, x.to(torch.int64), 0)
    return torch.cumsum(counted, dim=0).to(torch.int32)
