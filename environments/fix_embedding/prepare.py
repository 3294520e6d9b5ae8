"""Damages the shipped model by the installation's secret and lays out texts and reference."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from environments.contract import Profile, TrustedRun
from environments.fix_embedding import checkpoint, paper_size
from environments.outcomes import ScorerFailure
from environments.text import bpe
from environments.text.language import SMALL, LanguageChanged
from environments.text.prng import Random64, seed_from

HERE = Path(__file__).parent
TRAINING_SEED = 1  # the text that the shipped models were trained on begins like the expert's
BYTES_PER_TOKEN = 5  # more than the language ever has
CODE = ("model.py", "evaluate.py")


def prepare(public: Path, private: Path, profile: Profile, run: TrustedRun, secret: bytes) -> None:
    """The small profile takes about 30 s on one core, nearly all for the reference."""
    if profile.name == "paper":
        paper_size.prepare(public, private, profile, run, secret)
        return
    _check_language()
    _write_public(public, int(profile.settings["train_tokens"]), secret)
    _write_tokens(
        private / "heldout_tokens.npy",
        seed_from(secret, "fix_embedding held-out text"),
        int(profile.settings["heldout_tokens"]),
    )
    _write_reference(public, private, run)


def _write_public(public: Path, train_tokens: int, secret: bytes) -> None:
    for name in CODE:
        shutil.copyfile(HERE / "assets" / name, public / name)
    shutil.copyfile(bpe.shipped_path(SMALL.name), public / "tokenizer.json")
    shutil.copyfile(_shipped("small_model"), public / "small_model.safetensors")
    _write_tokens(public / "train_tokens.npy", TRAINING_SEED, train_tokens)
    starting = public / "starting"
    starting.mkdir()
    model = damaged(checkpoint.read(_shipped("base_model")), secret)
    checkpoint.write(starting / "model.safetensors", model)


def damaged(model: checkpoint.Tensors, secret: bytes) -> checkpoint.Tensors:
    """The rows of the token embedding in another order, drawn from the secret."""
    random = Random64(seed_from(secret, "fix_embedding permutation"))
    order = random.permutation(len(model["wte.weight"]))
    return {**model, "wte.weight": model["wte.weight"][order]}


def _write_tokens(path: Path, sample_seed: int, count: int) -> None:
    text = SMALL.sample(sample_seed, count * BYTES_PER_TOKEN)
    np.save(path, bpe.shipped(SMALL.name).encode(text)[:count])


def _write_reference(public: Path, private: Path, run: TrustedRun) -> None:
    """The reference sees the public assets only, as an expert does."""
    reference = private / "reference"
    reference.mkdir()
    run(HERE / "reference" / "solve.py", str(public), str(reference / "model.safetensors"))


def _shipped(name: str) -> Path:
    path = HERE / "private_assets" / f"{name}.safetensors"
    if not path.is_file():
        raise ScorerFailure(
            f"{path} is missing. It comes with the repository, not with the wheel; prepare from a "
            "checkout, or make it anew with environments/fix_embedding/make_base_model.py."
        )
    return path


def _check_language() -> None:
    try:
        SMALL.check()
    except LanguageChanged as error:
        raise ScorerFailure(str(error)) from error
