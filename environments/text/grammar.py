"""Documents of the language: a topic, a cast of names, sentences with agreement."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TypeAlias

from environments.text.lexicon import (
    ADJECTIVE_ENDINGS,
    NOUN_ENDINGS,
    VERB_ENDINGS,
    Lexicon,
    WordMaker,
    Words,
    zipf,
)
from environments.text.prng import Random64

Table: TypeAlias = tuple[list[int], list[int]]  # word numbers, cumulative weights

_SELECTED = 85  # percent of objects that are of the sense their verb asks for


class Chances:
    """Which word next: cumulative weights for every topic, and per sense for nouns."""

    def __init__(self, lexicon: Lexicon):
        sizes = lexicon.sizes
        self.nouns = _tables(lexicon.nouns, sizes.topics, sizes.topic_boost)
        self.verbs = _tables(lexicon.verbs, sizes.topics, sizes.topic_boost)
        self.adjectives = _tables(lexicon.adjectives, sizes.topics, sizes.topic_boost)
        self.adverbs = _tables(lexicon.adverbs, sizes.topics, 3)
        self.objects = [
            _tables(lexicon.nouns, sizes.topics, sizes.topic_boost, sense)
            for sense in range(sizes.senses)
        ]


def _tables(words: Words, topics: int, boost: int, sense: int | None = None) -> list[Table]:
    numbers = [n for n in range(len(words.stems)) if sense is None or words.sense[n] == sense]
    base = [zipf(number) for number in numbers]
    tables = []
    for topic in range(topics):
        own = (words.topic[number] == topic for number in numbers)
        weights = (
            weight * boost if mine else weight for weight, mine in zip(base, own, strict=True)
        )
        tables.append((numbers, list(accumulate(weights))))
    return tables


class Document:
    """Writes one document; every choice comes from `random`, in order."""

    def __init__(self, lexicon: Lexicon, chances: Chances, random: Random64):
        self.lexicon = lexicon
        self.random = random
        self.draw = random.draw
        topic = random.below(lexicon.sizes.topics)
        self.nouns = chances.nouns[topic]
        self.verbs = chances.verbs[topic]
        self.adjectives = chances.adjectives[topic]
        self.adverbs = chances.adverbs[topic]
        self.objects = [tables[topic] for tables in chances.objects]
        self.past = random.below(2)
        make = WordMaker(random)
        self.cast = [
            (make.word(2 + random.below(2)).capitalize(), random.below(2))
            for _ in range(2 + random.below(3))
        ]

    def text(self) -> str:
        below = self.random.below
        paragraphs = (
            " ".join(self._sentence() for _ in range(3 + below(4))) for _ in range(1 + below(4))
        )
        return "\n".join(paragraphs) + "\n\n"

    def _chance(self, percent: int) -> bool:
        return self.draw() * 100 >> 32 < percent

    def _pick(self, table: Table) -> int:
        numbers, cumulative = table
        return numbers[bisect_right(cumulative, self.draw() * cumulative[-1] >> 32)]

    def _sentence(self) -> str:
        words: list[str] = []
        if self._chance(20):
            words.append(self._adverb() + ",")
        self._clause(words)
        if self._chance(22):
            words[-1] += ","
            words.append(self.random.choice(self.lexicon.conjunctions))
            self._clause(words)
        elif self._chance(15):
            words.append(self.random.choice(self.lexicon.subordinators))
            self._clause(words)
        sentence = " ".join(words) + ("." if self._chance(92) else "!")
        return sentence[0].upper() + sentence[1:]

    def _clause(self, words: list[str]) -> None:
        plural = self._subject(words)
        self._predicate(words, plural)

    def _subject(self, words: list[str]) -> int:
        """Appends the subject; returns 1 if it is plural."""
        if self._chance(38):
            name, gender = self.random.choice(self.cast)
            words.append(name if self._chance(70) else self.lexicon.pronouns[gender][0])
            return 0
        return self._noun_phrase(words, self.nouns, relative=15)

    def _predicate(self, words: list[str], plural: int) -> None:
        verbs = self.lexicon.verbs
        verb = self._pick(self.verbs)
        if self._chance(8):
            words.append(self.lexicon.negation)
        words.append(verbs.stems[verb] + VERB_ENDINGS[self.past][plural])
        if verbs.feature[verb]:
            self._object(words, verbs.sense[verb])
        if self._chance(35):
            words.append(self.lexicon.prepositions[verbs.preposition[verb]])
            self._noun_phrase(words, self.nouns, relative=0)
        if self._chance(15):
            words.append(self._adverb())

    def _object(self, words: list[str], sense: int) -> None:
        if self._chance(20):
            words.append(self.random.choice(self.cast)[0])
            return
        table = self.objects[sense] if self._chance(_SELECTED) else self.nouns
        self._noun_phrase(words, table, relative=10)

    def _noun_phrase(self, words: list[str], table: Table, relative: int) -> int:
        lexicon = self.lexicon
        noun = self._pick(table)
        gender = lexicon.nouns.feature[noun]
        plural = int(self._chance(35))
        words.append(lexicon.determiners[self._chance(40)][gender][plural])
        if plural and self._chance(20):
            words.append(self._number())
        if self._chance(30):
            stem = lexicon.adjectives.stems[self._pick(self.adjectives)]
            words.append(stem + ADJECTIVE_ENDINGS[gender][plural])
        words.append(lexicon.nouns.stems[noun] + NOUN_ENDINGS[gender][plural])
        if self._chance(relative):
            words.append(lexicon.relatives[gender][plural])
            self._predicate(words, plural)
        return plural

    def _number(self) -> str:
        return (
            str(2 + self.random.below(8)) if self._chance(60) else str(10 + self.random.below(90))
        )

    def _adverb(self) -> str:
        return self.lexicon.adverbs.stems[self._pick(self.adverbs)] + "eli"
