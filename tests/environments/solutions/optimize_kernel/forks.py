"""Right; leaves a child behind that holds the channel and waits for ever."""

import os
import time

import torch

if os.fork() == 0:
    time.sleep(3600)


def prefix_sum(x):
    positive = (x > 0).to(torch.int32)
    before = torch.cumsum(positive, 0, dtype=torch.int32) - positive
    return torch.cumsum((before & 1) * x, 0, dtype=torch.int32)
