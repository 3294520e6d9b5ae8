"""Better than the reference: shows that there is head-room above it.

    python stronger.py REFERENCE_FOLDER PUBLIC_FOLDER MODEL_FILE

A token that is rare in the text is hardly learnt, but its row in the intact head and its rows in
the small model tell what it is like: a linear map, fitted on recognized tokens, guesses the rest.
"""

import sys

sys.path.insert(0, sys.argv.pop(1))
import numpy as np
import solve
import torch
import torch.nn.functional as F
from model import CONTEXT, GPT, small_intact_model
from safetensors.torch import load_file, save_file
from scipy.optimize import linear_sum_assignment

ROUNDS = (*solve.ROUNDS, (100, 1e-2))
GUESS_WEIGHT = 1.5  # of the guess, against ln(1 + count) of the learnt row
RIDGE = 30.0


def load(model, path):
    model.load_state_dict({k: v.float() for k, v in load_file(path).items()})
    return model.requires_grad_(False)


def clues(model):
    """What the intact parts know about each token. → (V, clues)"""
    small = load(small_intact_model(), solve.PUBLIC / "small_model.safetensors")
    matrices = [model.lm_head.weight, small.wte.weight, small.lm_head.weight]
    found = torch.cat(matrices, dim=1)
    found = (found - found.mean(0)) / found.std(0)
    return torch.cat([found, torch.ones(len(found), 1)], dim=1)


def cosines(rows, known):
    center = known.mean(0)
    return F.normalize(rows - center, dim=1) @ F.normalize(known - center, dim=1).T


def guess(found, row, sure, known):
    """Rows for all tokens, from those that are sure."""
    x, y = found[sure], known[row[sure]]
    return found @ torch.linalg.solve(x.T @ x + RIDGE * torch.eye(x.shape[1]), x.T @ y)


def match(learned, known, counts, found):
    row, cosine = solve.match(learned, known, counts)
    weight = torch.log1p(counts)
    by_text = cosines(learned, known) * weight[:, None]
    for _ in range(4):
        rows = guess(found, row, cosine > solve.TRUSTED, known)
        gain = by_text + GUESS_WEIGHT * cosines(rows, known)
        row = torch.from_numpy(linear_sum_assignment(gain.numpy(), maximize=True)[1])
        cosine = gain.gather(1, row[:, None])[:, 0] / (weight + GUESS_WEIGHT)
    return row, cosine


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = load(GPT(), solve.PUBLIC / "starting" / "model.safetensors")
    found = clues(model)
    model.wte.weight.requires_grad_(True)
    tokens = torch.from_numpy(np.load(solve.PUBLIC / "train_tokens.npy").astype(np.int64))
    windows = tokens.unfold(0, CONTEXT + 1, 16)
    known = model.wte.weight.detach().clone()
    counts = torch.bincount(tokens, minlength=len(known)).float()
    rows = known.mean(0).expand_as(known)
    for steps, learning_rate in ROUNDS:
        learned = solve.learn_rows(model, rows, windows, steps, learning_rate)
        row, cosine = match(learned, known, counts, found)
        rows = torch.where((cosine > solve.TRUSTED)[:, None], known[row], learned)
    model.wte.weight.data.copy_(known[row])
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, sys.argv[2])


if __name__ == "__main__":
    main()
