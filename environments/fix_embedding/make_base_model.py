"""Trains the two shipped models; needs torch, one core and 3 minutes.

    OMP_NUM_THREADS=1 python -m environments.fix_embedding.make_base_model [NAME…]

Run once by us: the starting and the reference score belong to its result.
"""

import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save_file

from environments.fix_embedding.assets.model import CONTEXT, GPT, small_intact_model
from environments.fix_embedding.prepare import TRAINING_SEED
from environments.text import bpe
from environments.text.language import SMALL

BATCH = 16
# Name → model, steps, learning rate. The small one is kept weak: its loss is above what a
# retrained embedding gives the large one.
RECIPES = {"base_model": (GPT, 3200, 4e-3), "small_model": (small_intact_model, 800, 8e-3)}
ASSETS = Path(__file__).parent / "private_assets"


def train(model: GPT, tokens: NDArray[np.uint16], steps: int, learning_rate: float) -> None:
    """One pass over a stream of text, in order drawn from a fixed seed; cosine to zero."""
    windows = torch.from_numpy(tokens[: len(tokens) // CONTEXT * CONTEXT].astype(np.int64))
    windows = windows.view(-1, CONTEXT)
    order = torch.randperm(len(windows), generator=torch.Generator().manual_seed(1))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.05
    )
    for step in range(steps):
        warm_up = min(1.0, (step + 1) / 100)
        cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * warm_up * cosine
        batch = windows[order[step * BATCH % len(order) :][:BATCH]]
        logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 200 == 0:
            print(
                f"step {step}: loss {loss.item():.3f}, {time.process_time():.0f} cpu-s", flush=True
            )


def initialize(model: GPT) -> None:
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=0.02 if "wte" not in name else 0.05)


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    SMALL.check()
    tokens = bpe.shipped(SMALL.name).encode(SMALL.sample(TRAINING_SEED, 12_000_000))
    print(f"{len(tokens)} tokens")
    ASSETS.mkdir(exist_ok=True)
    for name in names or list(RECIPES):
        torch.manual_seed(1)
        make, steps, learning_rate = RECIPES[name]
        model = make()
        initialize(model)
        train(model, tokens, steps, learning_rate)
        tensors = {key: value.half().contiguous() for key, value in model.state_dict().items()}
        save_file(tensors, ASSETS / f"{name}.safetensors")


if __name__ == "__main__":
    main(sys.argv[1:])
