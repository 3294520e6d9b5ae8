"""Loss of a model on a text: the program that the scorer runs.

For your own tests: `from evaluate import token_losses`. As a program it takes the weights (.npz,
float32), the tokens (.npy) and the number of a descriptor for the losses (float32).
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))  # `python -I` leaves the script's folder out
from model import BATCH, CONTEXT, DEVICE, GPT  # type: ignore[import-not-found]  # lies beside this file where it is used


@torch.inference_mode()  # type: ignore[untyped-decorator]
def token_losses(model: torch.nn.Module, tokens: NDArray[Any]) -> NDArray[np.float32]:
    """Cuts the text into windows of CONTEXT tokens; → (windows × CONTEXT) losses in nats."""
    count = (len(tokens) - 1) // CONTEXT
    stream = torch.from_numpy(tokens[: count * CONTEXT + 1].astype(np.int64))
    inputs, targets = stream[:-1].view(count, CONTEXT), stream[1:].view(count, CONTEXT)
    losses = [
        F.cross_entropy(model(x.to(DEVICE)).flatten(0, 1), y.to(DEVICE).flatten(), reduction="none")
        for x, y in zip(inputs.split(BATCH), targets.split(BATCH), strict=True)
    ]
    result: NDArray[np.float32] = torch.cat(losses).cpu().numpy()
    return result


def main(weights_file: Path, tokens_file: Path, output: int) -> None:
    torch.set_num_threads(1)  # so that a second scoring gives the same bits
    with np.load(weights_file, allow_pickle=False) as arrays:
        weights = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    model = GPT()
    model.load_state_dict(weights, strict=True)
    model.eval().to(DEVICE)
    tokens = np.load(tokens_file, allow_pickle=False)
    os.pwrite(output, token_losses(model, tokens).tobytes(), 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
