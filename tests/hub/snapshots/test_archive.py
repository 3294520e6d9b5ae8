"""What a hostile archive may try, and the sentence or error it ends in."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.snapshots.archive import BrokenArchive, parse_archive
from hub.snapshots.limits import Limits, SnapshotRefused
from hub.snapshots.manifest import Manifest

LIMITS = Limits(total_bytes=10_000, files=5)


def keep(chunks: Iterator[bytes]) -> str:
    return hashlib.sha256(b"".join(chunks)).hexdigest()


def parse(archive: bytes, limits: Limits = LIMITS) -> Manifest:
    return parse_archive(io.BytesIO(archive), limits, keep)


def archive(*entries: tarfile.TarInfo, content: bytes = b"x = 1\n") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as file:
        for entry in entries:
            if entry.isreg():
                entry.size = len(content)
            file.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


FOLDER = entry("solution", tarfile.DIRTYPE)


def test_files_are_listed_sorted_with_their_hashes() -> None:
    names = ("solution/b.py", "solution/a/c.py")
    manifest = parse(archive(FOLDER, *(entry(name) for name in names)))
    assert [file.path for file in manifest.files] == ["a/c.py", "b.py"]
    assert {file.sha256 for file in manifest.files} == {hashlib.sha256(b"x = 1\n").hexdigest()}
    assert {file.size for file in manifest.files} == {6}


def test_only_the_executable_bit_is_kept_of_the_mode() -> None:
    plain = parse(archive(FOLDER, entry("solution/a", mode=0o600)))
    same = parse(archive(FOLDER, entry("solution/a", mode=0o466)))
    executable = parse(archive(FOLDER, entry("solution/a", mode=0o4755)))
    assert plain.hash == same.hash != executable.hash


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a character device"),
        (tarfile.BLKTYPE, "a block device"),
        (tarfile.FIFOTYPE, "a named pipe"),
        (tarfile.XHDTYPE, "not a regular file"),
        (tarfile.GNUTYPE_LONGNAME, "not a regular file"),
        (tarfile.GNUTYPE_SPARSE, "not a regular file"),
    ],
)
def test_what_is_no_regular_file_is_refused_by_name(kind: bytes, words: str) -> None:
    link = entry("solution/x", kind, link="/etc/passwd")
    with pytest.raises(SnapshotRefused) as caught:
        parse(archive(FOLDER, link))
    assert caught.value.message == (
        f"solution/x is {words}; only regular files are scored. Replace it by a copy."
    )


def test_a_solution_that_is_itself_a_link_is_refused() -> None:
    with pytest.raises(SnapshotRefused, match="^solution is a symbolic link"):
        parse(archive(entry("solution", tarfile.SYMTYPE, link="/private")))


def test_a_solution_that_is_a_file_is_refused() -> None:
    with pytest.raises(SnapshotRefused, match="must be a folder"):
        parse(archive(entry("solution")))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/passwd", "lies outside"),
        ("other/x", "lies outside"),
        ("solution/../x", "lies outside"),
        ("solution//x", "lies outside"),
        ("solution/./x", "lies outside"),
        ("solution/a\nb", "control characters"),
        ("solution/\x1b[2J", "control characters"),
        ("solution/" + "d/" * 16 + "x", "lies deeper than 16"),
    ],
)
def test_a_name_that_leads_astray_is_refused(name: str, words: str) -> None:
    with pytest.raises(SnapshotRefused, match=words):
        parse(archive(FOLDER, entry(name)))


def test_a_name_that_is_not_utf8_is_refused_and_shown_escaped() -> None:
    broken = archive(FOLDER, entry(os.fsdecode(b"solution/caf\xe9.py")))
    with pytest.raises(SnapshotRefused, match=r"solution/caf\\xe9.py has a name that is not UTF-8"):
        parse(broken)


def test_a_path_that_is_too_long_is_refused() -> None:
    name = f"solution/{'d' * 100}/{'e' * 40}/{'f' * 90}"
    with pytest.raises(SnapshotRefused, match="longer than 200 bytes"):
        parse(archive(FOLDER, entry(name)), Limits(total_bytes=10, path_bytes=200))


def test_one_file_too_many_is_refused() -> None:
    entries = [entry(f"solution/{number}") for number in range(6)]
    with pytest.raises(SnapshotRefused, match="more than 5 files"):
        parse(archive(FOLDER, *entries))


def test_a_size_is_refused_before_it_is_read() -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert self.tell() < 2048, "the content was read"
            return super().read(size)

    big = archive(FOLDER, entry("solution/big"), content=bytes(20_000))
    with pytest.raises(SnapshotRefused, match=r"larger than 10000 bytes \(at solution/big\)"):
        parse_archive(Unread(big), LIMITS, keep)


def test_the_sizes_of_all_files_count_together() -> None:
    entries = [entry(f"solution/{number}") for number in range(3)]
    with pytest.raises(SnapshotRefused, match="larger than 15 bytes"):
        parse(archive(FOLDER, *entries), Limits(total_bytes=15))


def test_a_name_that_comes_twice_is_refused() -> None:
    with pytest.raises(SnapshotRefused, match="appears twice"):
        parse(archive(FOLDER, entry("solution/a"), entry("solution/a")))


def test_a_file_below_a_file_is_refused() -> None:
    with pytest.raises(SnapshotRefused, match="both a file and a folder"):
        parse(archive(FOLDER, entry("solution/a"), entry("solution/a/b")))


def test_compiled_python_is_left_out_but_counted() -> None:
    compiled = entry("solution/__pycache__/solution.cpython-311.pyc")
    assert [f.path for f in parse(archive(FOLDER, compiled, entry("solution/a"))).files] == ["a"]
    with pytest.raises(SnapshotRefused, match="more than 0 files"):
        parse(archive(FOLDER, compiled), Limits(total_bytes=100, files=0))


@pytest.mark.parametrize("length", [0, 1, 511, 512, 600, 1024, 1100, 1536, 2047])
def test_a_cut_off_archive_is_never_taken_for_a_whole_one(length: int) -> None:
    whole = archive(FOLDER, entry("solution/a"))
    with pytest.raises(BrokenArchive):
        parse(whole[:length])


def test_an_archive_of_nothing_is_broken() -> None:
    with pytest.raises(BrokenArchive, match="empty"):
        parse(bytes(10240))


def test_sparse_files_count_with_their_apparent_size(tmp_path: Path) -> None:
    (tmp_path / "solution").mkdir()
    with (tmp_path / "solution" / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    line = ["tar", "-C", str(tmp_path), "--format=ustar", "--sparse", "-cf", "-", "solution"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tar:
        assert tar.stdout is not None
        with pytest.raises((SnapshotRefused, BrokenArchive)):
            parse_archive(tar.stdout, LIMITS, keep)
        tar.kill()


@given(st.binary(max_size=3000))
def test_noise_is_refused_without_any_other_error(noise: bytes) -> None:
    with pytest.raises((BrokenArchive, SnapshotRefused)):
        parse(noise)


@given(st.integers(0, 3071), st.integers(0, 255))
def test_a_changed_byte_does_no_harm(place: int, value: int) -> None:
    changed = bytearray(archive(FOLDER, entry("solution/a"), content=b"y" * 600))
    changed[place] = value
    try:
        manifest = parse(bytes(changed))
    except (BrokenArchive, SnapshotRefused):
        return
    assert [file.path for file in manifest.files] == ["a"]
