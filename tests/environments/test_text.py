"""The grammar language: the same text for ever, different text for another seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from environments.text import bpe, make_merges
from environments.text.language import BIG, SMALL, Language, LanguageChanged
from environments.text.prng import Random64, seed_from

both = pytest.mark.parametrize("spoken", [SMALL, BIG], ids=lambda spoken: spoken.name)


def test_the_generator_is_splitmix64() -> None:
    # The published first outputs for seed 1234567, upper halves.
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    random = Random64(1234567)
    assert [random.draw() for _ in range(3)] == [number >> 32 for number in published]


def test_numbers_go_on_past_the_block_that_is_made_at_once() -> None:
    random = Random64(1)
    numbers = [random.draw() for _ in range(40_000)]
    assert len(set(numbers)) > 39_900
    assert all(0 <= Random64(seed).below(7) < 7 for seed in range(100))


def test_a_permutation_holds_every_place_once() -> None:
    order = Random64(3).permutation(1000)
    assert sorted(order) == list(range(1000))
    assert order != Random64(4).permutation(1000)


def test_seeds_for_two_purposes_of_one_secret_differ() -> None:
    assert seed_from(b"secret", "held-out text") != seed_from(b"secret", "permutation")
    assert seed_from(b"secret", "held-out text") == seed_from(b"secret", "held-out text")


@both
def test_the_first_sample_is_the_recorded_one(spoken: Language) -> None:
    spoken.check()


def test_a_changed_language_is_refused_with_what_it_means() -> None:
    changed = replace(SMALL, sizes=replace(SMALL.sizes, nouns=601))
    with pytest.raises(LanguageChanged, match="environments/text was changed"):
        changed.check()


@both
def test_a_sample_depends_on_its_seed_and_on_nothing_else(spoken: Language) -> None:
    assert spoken.sample(5, 30_000) == spoken.sample(5, 30_000)
    assert spoken.sample(5, 30_000)[:1000] == spoken.sample(5, 1000)
    assert spoken.sample(5, 1000) != spoken.sample(6, 1000)


def test_two_samples_share_words_but_hardly_any_sentence() -> None:
    one, other = SMALL.sample(1, 200_000), SMALL.sample(2, 200_000)
    shared = set(one.split()) & set(other.split())
    assert len(shared) > 1000
    sentences = {sentence for sentence in one.split(". ") if len(sentence) > 60}
    assert sum(sentence in other for sentence in sentences) == 0


@both
def test_the_shipped_tokenizer_has_1024_tokens_and_loses_nothing(spoken: Language) -> None:
    tokenizer = bpe.shipped(spoken.name)
    text = spoken.sample(9, 50_000)
    tokens = tokenizer.encode(text)
    assert len(tokenizer.pieces) == len(set(tokenizer.pieces)) == make_merges.VOCABULARY
    assert tokenizer.decode(tokens.tolist()) == text
    assert 2.5 < len(text) / len(tokens) < 4.5


def test_a_character_without_token_is_named() -> None:
    with pytest.raises(ValueError, match="no token for 'ß'"):
        bpe.shipped("small").encode("Straße")


def test_merges_are_learnt_from_the_commonest_pair_on(tmp_path: Path) -> None:
    tokenizer = bpe.train("abab abab cab", vocabulary=6)
    assert tokenizer.merges == [("a", "b"), ("ab", "ab")]
    tokenizer.save(tmp_path / "bpe.json")
    again = bpe.load(tmp_path / "bpe.json")
    assert again.decode(again.encode("cabab").tolist()) == "cabab"
    assert again.encode("abab").tolist() == [5]
