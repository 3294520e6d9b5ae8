"""Learns the shipped merges anew: `python -m environments.text.make_merges` (8 s)."""

from __future__ import annotations

from environments.text import bpe, language

VOCABULARY = 1024
_TRAINING_BYTES = 4_000_000
_TRAINING_SEED = 7


def main() -> None:
    for spoken in (language.SMALL, language.BIG):
        text = spoken.sample(_TRAINING_SEED, _TRAINING_BYTES)
        bpe.train(text, VOCABULARY).save(bpe.shipped_path(spoken.name))


if __name__ == "__main__":
    main()
