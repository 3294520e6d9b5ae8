"""The two languages, SMALL and BIG, and samples of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from environments.text.grammar import Chances, Document
from environments.text.lexicon import Lexicon, Sizes, draw_lexicon
from environments.text.prng import Random64, seed_from

CHECKED_BYTES = 20_000


class LanguageChanged(RuntimeError):
    """The generator no longer makes the text that models and scores were made with."""


@dataclass(frozen=True)
class Language:
    """One language. Its seed is fixed; a sample has a seed of its own."""

    name: str
    seed: int
    sizes: Sizes
    fingerprint: str  # sha256 of the first CHECKED_BYTES of sample 0

    def documents(self, sample_seed: int) -> Iterator[str]:
        """Documents without end; the same ones for the same seed."""
        lexicon, chances = _drawn(self.sizes, self.seed)
        random = Random64(seed_from(str(sample_seed).encode(), f"sample of {self.name}"))
        while True:
            yield Document(lexicon, chances, random).text()

    def sample(self, sample_seed: int, length_bytes: int) -> str:
        """Exactly this many bytes (the text is ASCII), cut within the last document."""
        parts: list[str] = []
        missing = length_bytes
        for document in self.documents(sample_seed):
            parts.append(document[:missing])
            missing -= len(parts[-1])
            if missing == 0:
                break
        return "".join(parts)

    def check(self) -> None:
        """Raises LanguageChanged unless the first sample has the recorded hash."""
        found = hashlib.sha256(self.sample(0, CHECKED_BYTES).encode("ascii")).hexdigest()
        if found != self.fingerprint:
            raise LanguageChanged(
                f"The first sample of language {self.name} has hash {found[:12]}…, expected "
                f"{self.fingerprint[:12]}…: environments/text was changed, or this Python or "
                "numpy computes differently. Shipped models and scores hold only for the old text."
            )


@cache
def _drawn(sizes: Sizes, seed: int) -> tuple[Lexicon, Chances]:
    lexicon = draw_lexicon(sizes, seed)
    return lexicon, Chances(lexicon)


SMALL = Language(
    name="small",
    seed=0x5EED_0001,
    sizes=Sizes(
        nouns=600, verbs=300, adjectives=200, adverbs=40, topics=16, senses=8, topic_boost=12
    ),
    fingerprint="e7deabb481f48c2af34955c5aad1b6e0965c1c170280c37a5aa451f84d5ac3d0",
)
BIG = Language(
    name="big",
    seed=0x5EED_0002,
    sizes=Sizes(
        nouns=4000, verbs=2000, adjectives=1500, adverbs=200, topics=40, senses=12, topic_boost=30
    ),
    fingerprint="6d92cdbedeb18022fdf3760e9823d7a14e9dd7a44e0d660723f6db2ddf314f79",
)
