"""Scratch folders vanish with their owner; those of the living stay."""

from __future__ import annotations

from pathlib import Path

from hub.scratch import scratch


def test_a_folder_vanishes_with_its_content(tmp_path: Path) -> None:
    with scratch(tmp_path / "run") as folder:
        (folder / "file").write_text("x")
    assert list((tmp_path / "run").iterdir()) == []


def test_leftovers_of_the_dead_go_and_folders_of_the_living_stay(tmp_path: Path) -> None:
    (tmp_path / "dead").mkdir()
    with scratch(tmp_path) as first, scratch(tmp_path) as second:
        assert sorted(tmp_path.iterdir()) == sorted([first, second])
