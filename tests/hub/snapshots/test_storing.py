"""Snapshots at rest: equal content is one content, and every change is noticed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hub.settings import Settings
from hub.snapshots import SnapshotDamaged, SnapshotRefused, extract, from_folder, load, verify
from hub.snapshots.storing import contents, manifests


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "solution"
    (folder / "kernels").mkdir(parents=True)
    (folder / "solution.py").write_bytes(b"x = 1\n")
    (folder / "kernels" / "twin.py").write_bytes(b"x = 1\n")
    (folder / "run.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "größe.txt").write_bytes(bytes(range(256)) * 8192)
    return folder


def files_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o100)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_was_put_in_comes_out_byte_by_byte(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    snapshot = from_folder(settings, folder)
    extract(settings, snapshot, tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(folder)
    assert verify(settings, snapshot) == []


def test_an_extracted_solution_is_readable_by_another_uid(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    extract(settings, from_folder(settings, folder), tmp_path / "out")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").rglob("*")}
    assert modes == {0o644, 0o755}


def test_the_same_solution_has_the_same_name(settings: Settings, folder: Path) -> None:
    first = from_folder(settings, folder)
    (folder / "solution.py").touch()
    assert from_folder(settings, folder) == first
    (folder / "solution.py").write_text("x = 2\n")
    assert from_folder(settings, folder) != first


def test_equal_files_are_kept_once_and_cannot_be_written(settings: Settings, folder: Path) -> None:
    from_folder(settings, folder)
    kept = [path for path in contents(settings).folder.rglob("*") if path.is_file()]
    assert len(kept) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o400}


def damage(path: Path, content: bytes | None) -> None:
    path.chmod(0o600)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


@pytest.mark.parametrize("content", [b"x = 2\n", b"", None])
def test_a_changed_or_missing_file_is_noticed(
    settings: Settings, folder: Path, tmp_path: Path, content: bytes | None
) -> None:
    snapshot = from_folder(settings, folder)
    file = next(f for f in load(settings, snapshot).files if f.path == "solution.py")
    damage(contents(settings).path(file.sha256), content)
    problems = verify(settings, snapshot)
    assert len(problems) == 2  # solution.py and its twin
    assert "solution.py" in problems[1]
    with pytest.raises(SnapshotDamaged, match="twin.py"):
        extract(settings, snapshot, tmp_path / "out")


@pytest.mark.parametrize("content", [b'{"version": 1, "files": []}', None])
def test_a_changed_or_missing_manifest_is_noticed(
    settings: Settings, folder: Path, content: bytes | None
) -> None:
    snapshot = from_folder(settings, folder)
    damage(manifests(settings).path(snapshot), content)
    assert len(verify(settings, snapshot)) == 1
    with pytest.raises(SnapshotDamaged):
        load(settings, snapshot)


def test_a_name_that_is_no_hash_opens_nothing(settings: Settings) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        load(settings, "../../secrets/service_token")


def test_a_link_in_a_folder_of_ours_is_refused_too(settings: Settings, folder: Path) -> None:
    (folder / "link.py").symlink_to("/etc/passwd")
    with pytest.raises(SnapshotRefused, match=r"solution/link.py"):
        from_folder(settings, folder)


def test_extraction_writes_over_nothing(settings: Settings, folder: Path) -> None:
    snapshot = from_folder(settings, folder)
    with pytest.raises(FileExistsError):
        extract(settings, snapshot, folder)
