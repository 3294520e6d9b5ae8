"""Invented words and their grammar: gender, sense, topic, the objects a verb takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from environments.text.prng import Random64

_ONSETS = "b d f g h k l m n p r s t v z sh ch br tr st kl gr fl".split()
_VOWELS = "a e i o u a e i ai ou".split()
_CODAS = ["", "", "", "", "", "n", "r", "l", "s", "m", "nd", "rk"]

NOUN_ENDINGS = (("a", "en"), ("o", "ur"))  # [gender][plural]
ADJECTIVE_ENDINGS = (("ima", "imen"), ("ivo", "ivur"))
VERB_ENDINGS = (("it", "om"), ("ak", "uk"))  # [past][plural]


@dataclass(frozen=True)
class Sizes:
    """How large a language is. Few words: soon learnt; many: a long, straight curve."""

    nouns: int
    verbs: int
    adjectives: int
    adverbs: int
    topics: int
    senses: int  # kinds of nouns; a verb takes objects of one kind
    topic_boost: int  # how much likelier a word is within its topic


@dataclass(frozen=True)
class Words:
    """One part of speech: stems by rank, each with its features, and weights per topic."""

    stems: list[str]
    topic: list[int]
    feature: list[int]  # nouns: gender; verbs: 1 takes an object; others 0
    sense: list[int]  # nouns: own; verbs: of the object
    preposition: list[int]  # verbs only


@dataclass(frozen=True)
class Lexicon:
    """All words of a language. Drawn once from the language's seed."""

    sizes: Sizes
    nouns: Words
    verbs: Words
    adjectives: Words
    adverbs: Words
    determiners: list[list[list[str]]]  # [definite][gender][plural]
    relatives: list[list[str]]  # [gender][plural]
    pronouns: list[list[str]]  # [gender][plural]
    prepositions: list[str]
    conjunctions: list[str]
    subordinators: list[str]
    negation: str


@dataclass
class WordMaker:
    """Makes words from syllables and never the same one twice."""

    random: Random64
    taken: set[str] = field(default_factory=set)

    def syllable(self) -> str:
        choice = self.random.choice
        return choice(_ONSETS) + choice(_VOWELS) + choice(_CODAS)

    def word(self, syllables: int) -> str:
        while True:
            word = "".join(self.syllable() for _ in range(syllables))
            if word not in self.taken:
                self.taken.add(word)
                return word
            syllables += self.random.below(8) == 0  # short words run out

    def words(self, count: int, syllables: int) -> list[str]:
        return [self.word(syllables) for _ in range(count)]


def draw_lexicon(sizes: Sizes, seed: int) -> Lexicon:
    random = Random64(seed)
    make = WordMaker(random)
    pairs = [[make.words(2, 1) for _gender in range(2)] for _ in range(4)]
    function_words = [make.words(count, 1) for count in (12, 4, 5)]
    return Lexicon(
        sizes=sizes,
        nouns=_words(make, sizes.nouns, sizes),
        verbs=_words(make, sizes.verbs, sizes),
        adjectives=_words(make, sizes.adjectives, sizes),
        adverbs=_words(make, sizes.adverbs, sizes),
        determiners=pairs[:2],
        relatives=pairs[2],
        pronouns=pairs[3],
        prepositions=function_words[0],
        conjunctions=function_words[1],
        subordinators=function_words[2],
        negation=make.word(1),
    )


def _words(make: WordMaker, count: int, sizes: Sizes) -> Words:
    below = make.random.below
    return Words(
        # Frequent words are short, as in languages that grew.
        stems=[make.word(1 + (rank > count // 12) + below(2)) for rank in range(count)],
        topic=[below(sizes.topics) for _ in range(count)],
        feature=[below(2) for _ in range(count)],
        sense=[below(sizes.senses) for _ in range(count)],
        preposition=[below(12) for _ in range(count)],
    )


def zipf(rank: int) -> int:
    """Weight of the word of this rank (0 is the most frequent); whole, hence exact."""
    return 1_000_000 // (rank + 3)
