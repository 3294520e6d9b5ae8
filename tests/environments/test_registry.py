"""The registry: what is listed, what is refused, what a hash notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments import registry
from environments.contract import CANARY, Environment
from tests.environments.toy import MANIFEST, write_toy


def test_every_environment_has_the_same_files() -> None:
    for environment in registry.load_all().values():
        missing = [n for n in registry.REQUIRED if not (environment.folder / n).exists()]
        assert not missing, environment.name


def test_every_environment_has_both_profiles() -> None:
    for environment in registry.load_all().values():
        assert set(environment.profiles) == {"small", "paper"}, environment.name


def test_an_environment_is_its_manifest(toy: Environment) -> None:
    assert toy.name == "toy"
    assert toy.solution_files == ("answer.txt",)
    assert toy.profiles["paper"].reference_score == 100.0
    assert toy.profiles["small"].reference_score is None


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(registry.UnknownEnvironment, match="'nope'.*optimize_kernel"):
        registry.load("nope")


@pytest.mark.parametrize("name", ["", "../optimize_kernel", "scorer", "optimize_kernel/"])
def test_only_listed_names_are_opened(name: str) -> None:
    with pytest.raises(registry.UnknownEnvironment):
        registry.load(name)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('direction = "higher"', 'direction = "up"', "direction is 'up', must be one of lower"),
        ('title = "Toy"', "", "lacks the key 'title'"),
        ("gpus = 0", "gpus = []", "int"),
        ("display", "=", "Invalid"),
    ],
)
def test_an_unusable_manifest_is_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    folder = write_toy(tmp_path / "toy")
    (folder / "environment.toml").write_text(MANIFEST.replace(old, new))
    with pytest.raises(registry.BadEnvironment, match=sentence):
        registry.load_all(tmp_path)


def test_a_name_that_cannot_be_imported_is_refused(tmp_path: Path) -> None:
    write_toy(tmp_path / "not-a-name")
    with pytest.raises(registry.BadEnvironment, match="cannot be imported"):
        registry.load_all(tmp_path)


def test_the_hash_notices_a_changed_byte_and_a_changed_name(toy: Environment) -> None:
    before = registry.environment_hash(toy)
    (toy.folder / "reference" / "answer.txt").write_text("11\n")
    changed = registry.environment_hash(toy)
    (toy.folder / "reference" / "answer.txt").rename(toy.folder / "reference" / "other.txt")
    assert len({before, changed, registry.environment_hash(toy)}) == 3


def test_the_hash_ignores_what_interpreters_leave(toy: Environment) -> None:
    before = registry.environment_hash(toy)
    (toy.folder / "__pycache__").mkdir()
    (toy.folder / "__pycache__" / "scorer.cpython-311.pyc").write_bytes(b"x")
    (toy.folder / ".ipynb_checkpoints").mkdir()
    (toy.folder / ".ipynb_checkpoints" / "a.ipynb").write_bytes(b"x")
    assert registry.environment_hash(toy) == before


def test_instructions_scorers_and_references_carry_the_canary() -> None:
    for environment in registry.load_all().values():
        folder = environment.folder
        texts = [folder / "instructions.md", folder / "scorer.py"]
        for path in (*texts, *(folder / "reference").glob("*.py")):
            assert CANARY in path.read_text(encoding="utf-8"), path
