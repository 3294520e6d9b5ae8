"""Score of a repaired model: ln(loss on held-out text − 1.5), lower is better.

The checkpoint is read here, by our own reader; only clean numbers go to the process that computes
the loss. Code of the solution is never run.

EXPERT-PORTAL-CANARY e5495537-34e8-4c66-9dd4-8f0db2a76c7c
"""

from __future__ import annotations

import math
import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from environments.contract import Scoring
from environments.fix_embedding import checkpoint
from environments.outcomes import InvalidSolution, Score
from environments.trusted_program import PROGRAM, run_program

FILE = "model.safetensors"
MODEL = "model.py"
EVALUATE = Path(__file__).parent / "assets" / "evaluate.py"
PICKLED = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt")
FLOOR = 1.5  # nats; no model of this language comes near
LEAST = 0.02  # keeps the logarithm finite
HEADER_ROOM = 1 << 20  # bytes a file may be larger than its numbers in float32


def score(scoring: Scoring) -> Score:
    """Raises InvalidSolution for any fault of the checkpoint."""
    scoring.progress("reading the checkpoint")
    weights = read_solution(scoring.solution, scoring.public)
    scoring.progress("computing the loss on held-out text")
    losses = _evaluate(scoring, weights)
    if not np.isfinite(losses).all():
        raise InvalidSolution(
            "The model's loss is not finite: its numbers overflow while it computes. Look for "
            "very large weights."
        )
    loss = float(losses.mean(dtype=np.float64))
    value = math.log(max(loss - FLOOR, LEAST))
    details = {"loss": loss, "tokens": int(losses.size)}
    return Score(value, f"Held-out loss {loss:.4f} nats per token.", details)


def read_solution(solution: Path, public: Path) -> checkpoint.Tensors:
    """The solution's weights in float32, with names and shapes of the damaged model."""
    pattern = checkpoint.read(public / "starting" / FILE)
    path = solution / FILE
    _check_file(path, sum(tensor.size for tensor in pattern.values()) * 4 + HEADER_ROOM)
    tensors = checkpoint.read(path)
    checkpoint.check_like(tensors, pattern)
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def _check_file(path: Path, allowed_bytes: int) -> None:
    if path.is_symlink() or not path.is_file():
        raise InvalidSolution(f"The solution has no file {FILE}. {hint(path.parent)}")
    if (found := path.stat().st_size) > allowed_bytes:
        raise InvalidSolution(
            f"{FILE} has {found:,} bytes; this model in float32 has fewer than {allowed_bytes:,}. "
            "Save the model's state dict only."
        )


def hint(solution: Path) -> str:
    """What to do when the file is missing, knowing what is there instead."""
    for path in sorted(solution.iterdir()):
        if path.suffix in PICKLED:
            return (
                f"There is {path.name[:60]}, but pickled checkpoints can hold code and are never "
                f"opened. {checkpoint.HOW_TO_SAVE}"
            )
    return checkpoint.HOW_TO_SAVE


def _evaluate(scoring: Scoring, weights: checkpoint.Tensors) -> NDArray[np.float32]:
    """Loss of each held-out token, from our own program in a process of its own."""
    count = int(scoring.profile.settings["heldout_tokens"]) - 1  # the first is not predicted
    with tempfile.TemporaryDirectory(prefix="fix-embedding-") as name:
        folder = Path(name)
        np.savez(folder / "weights.npz", **weights)  # type: ignore[arg-type]  # numpy's stub
        shutil.copyfile(scoring.private / "heldout_tokens.npy", folder / "tokens.npy")
        shutil.copyfile(scoring.public / MODEL, folder / MODEL)
        _let_others_read(folder)
        raw = run_program(
            scoring,
            EVALUATE,
            ["/data/weights.npz", "/data/tokens.npy"],
            {"/data": folder, f"{PROGRAM}/{MODEL}": folder / MODEL},
            output_bytes=count * 4,
        )
    return np.frombuffer(raw, np.float32)


def _let_others_read(folder: Path) -> None:
    """The process runs as another user, whatever our umask is."""
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
