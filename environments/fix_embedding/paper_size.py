"""The paper's size: needs a model hub, `transformers` and `datasets`, and a GPU. Not the small one.

No reference solution is shipped for it; attempts are normalized by the published constants.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from environments.contract import Profile, TrustedRun
from environments.text.prng import Random64, seed_from

HERE = Path(__file__).parent
PAPER = HERE / "paper"  # programs for the experts' interpreter


def prepare(public: Path, private: Path, profile: Profile, run: TrustedRun, secret: bytes) -> None:
    """Fetches models and text once. Raises ScorerFailure that names what is missing."""
    settings = profile.settings
    shutil.copyfile(PAPER / "model.py", public / "model.py")
    shutil.copyfile(HERE / "assets" / "evaluate.py", public / "evaluate.py")
    (public / "starting").mkdir()
    random = Random64(seed_from(secret, "fix_embedding permutation"))
    np.save(private / "order.npy", random.permutation(int(settings["vocabulary"])))
    run(
        PAPER / "download.py",
        *(str(settings[key]) for key in ("base_model", "small_model", "text")),
        *(str(settings[key]) for key in ("train_tokens", "heldout_tokens")),
        str(public),
        str(private),
    )
