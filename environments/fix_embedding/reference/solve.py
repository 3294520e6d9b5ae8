"""Reference: the damage is a permutation of rows, so learn each row roughly, then recognize it.

    python solve.py PUBLIC_FOLDER MODEL_FILE

Learning an embedding from little text gives poor rows, but good enough to tell which of the 1024
intact rows each token had. Rows of rare tokens get clearer in a second round, when the frequent
ones are in place. Needs one core and about half a minute.

EXPERT-PORTAL-CANARY e5495537-34e8-4c66-9dd4-8f0db2a76c7c
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from scipy.optimize import linear_sum_assignment

PUBLIC = Path(sys.argv[1])
sys.dont_write_bytecode = True  # PUBLIC is to stay as it is
sys.path.insert(0, str(PUBLIC))
from model import CONTEXT, GPT  # noqa: E402

BATCH = 16
ROUNDS = ((250, 2e-2), (150, 1e-2), (150, 1e-2))  # steps, learning rate of each
TRUSTED = 0.5  # cosine above which a match is put in place


def learn_rows(model, rows, windows, steps, learning_rate):
    """Trains the token embedding from `rows`; everything else stays frozen. → (V, C)"""
    model.wte.weight.data.copy_(rows)
    optimizer = torch.optim.Adam([model.wte.weight], lr=learning_rate, betas=(0.9, 0.98))
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = learning_rate * (1 - step / steps)
        batch = windows[torch.randint(len(windows), (BATCH,))]
        logits = model(batch[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"loss {loss.item():.3f}")
    return model.wte.weight.detach().clone()


def match(learned, known, counts):
    """→ (row of `known` for each token, cosine). One row each, frequent tokens weigh more."""
    center = known.mean(0)
    cosine = F.normalize(learned - center, dim=1) @ F.normalize(known - center, dim=1).T
    gain = cosine * torch.log1p(counts)[:, None]
    row = torch.from_numpy(linear_sum_assignment(gain.numpy(), maximize=True)[1])
    return row, cosine.gather(1, row[:, None])[:, 0]


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = GPT()
    model.load_state_dict(
        {k: v.float() for k, v in load_file(PUBLIC / "starting" / "model.safetensors").items()}
    )
    model.requires_grad_(False)
    model.wte.weight.requires_grad_(True)
    tokens = torch.from_numpy(np.load(PUBLIC / "train_tokens.npy").astype(np.int64))
    windows = tokens.unfold(0, CONTEXT + 1, 16)
    known = model.wte.weight.detach().clone()
    counts = torch.bincount(tokens, minlength=len(known)).float()
    rows = known.mean(0).expand_as(known)
    for steps, learning_rate in ROUNDS:
        learned = learn_rows(model, rows, windows, steps, learning_rate)
        row, cosine = match(learned, known, counts)
        sure = (cosine > TRUSTED)[:, None]
        rows = torch.where(sure, known[row], learned)
        print(f"{int(sure.sum())} rows recognized")
    model.wte.weight.data.copy_(known[row])
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, sys.argv[2])


if __name__ == "__main__":
    main()
