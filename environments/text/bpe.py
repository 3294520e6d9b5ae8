"""Byte-pair encoding: merges are learnt from text, kept as JSON and applied word by word."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

# A word takes the blank before it; digits stand alone; a blank line is one piece.
_PIECES = re.compile(r" ?[A-Za-z]+| ?[0-9]|[^\sA-Za-z0-9]|\n+| ")

Pair: TypeAlias = tuple[str, str]


class Tokenizer:
    """Text to token numbers and back. The alphabet's letters come first, then the merges."""

    def __init__(self, alphabet: str, merges: Sequence[Pair]):
        self.alphabet = alphabet
        self.merges = list(merges)
        self._known: dict[str, list[int]] = {}

    @cached_property
    def pieces(self) -> list[str]:
        """The text of each token."""
        return list(self.alphabet) + [left + right for left, right in self.merges]

    @cached_property
    def _ranks(self) -> dict[Pair, int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {piece: number for number, piece in enumerate(self.pieces)}

    def encode(self, text: str) -> NDArray[np.uint16]:
        """Raises ValueError for a character that is not in the alphabet."""
        if foreign := sorted(set(text) - set(self.alphabet)):
            raise ValueError(f"The tokenizer has no token for {foreign[0]!r}.")
        known = self._known
        numbers: list[int] = []
        for word in _PIECES.findall(text):
            if word not in known:
                known[word] = self._encode_word(word)
            numbers += known[word]
        return np.array(numbers, dtype=np.uint16)

    def _encode_word(self, word: str) -> list[int]:
        parts = list(word)
        while len(parts) > 1:
            best = min(zip(parts, parts[1:], strict=False), key=self._rank)
            if best not in self._ranks:
                break
            parts = join_pair(parts, best)
        return [self._numbers[part] for part in parts]

    def _rank(self, pair: Pair) -> int:
        return self._ranks.get(pair, len(self.merges))

    def decode(self, tokens: Iterable[int]) -> str:
        return "".join(self.pieces[token] for token in tokens)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps({"alphabet": self.alphabet, "merges": self.merges}) + "\n")


def load(path: Path) -> Tokenizer:
    data = json.loads(path.read_text())
    return Tokenizer(data["alphabet"], [(left, right) for left, right in data["merges"]])


def shipped_path(language: str) -> Path:
    return Path(__file__).parent / f"{language}_bpe.json"


def shipped(language: str) -> Tokenizer:
    """The tokenizer of 1024 tokens that belongs to a language, `small` or `big`."""
    return load(shipped_path(language))


def join_pair(parts: list[str], pair: Pair) -> list[str]:
    """Every place where the pair stands becomes one part, from left to right."""
    joined: list[str] = []
    for part in parts:
        if joined and part == pair[1] and joined[-1] == pair[0]:
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def train(text: str, vocabulary: int) -> Tokenizer:
    """Learns merges until there are `vocabulary` tokens. Ties: the alphabetically first pair."""
    alphabet = "".join(sorted(set(text)))
    words = _Words(Counter(_PIECES.findall(text)))
    merges = [words.merge_commonest() for _ in range(vocabulary - len(alphabet))]
    return Tokenizer(alphabet, merges)


class _Words:
    """The distinct words as parts, with the number of each pair of parts kept up to date."""

    def __init__(self, counts: Counter[str]):
        self.parts = [list(word) for word in counts]
        self.counts = list(counts.values())
        self.pairs: Counter[Pair] = Counter()
        self.places: dict[Pair, set[int]] = defaultdict(set)
        for place in range(len(self.parts)):
            self._add(place, 1)

    def _add(self, place: int, sign: int) -> None:
        parts = self.parts[place]
        for pair in zip(parts, parts[1:], strict=False):
            self.pairs[pair] += sign * self.counts[place]
            self.places[pair].add(place)

    def merge_commonest(self) -> Pair:
        best = min(self.pairs, key=lambda pair: (-self.pairs[pair], pair))
        for place in self.places.pop(best):
            self._add(place, -1)
            self.parts[place] = join_pair(self.parts[place], best)
            self._add(place, 1)
        del self.pairs[best]
        return best
