"""Snapshots of a real workspace through a real sandbox: what an expert may plant in it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from environments import registry
from environments.contract import Environment
from hub.errors import PortalError
from hub.sandbox.mode import isolation_mode
from hub.settings import Settings
from hub.snapshots import SnapshotRefused, extract, from_folder, load, take, taking

pytestmark = pytest.mark.sandbox
ATTEMPT, UID = 7, 219_101


@pytest.fixture
def environment() -> Environment:
    return replace(registry.load("optimize_kernel"), solution_bytes=1 << 20)


@pytest.fixture
def workspace(settings: Settings) -> Path:
    if isolation_mode(settings) == "none":
        pytest.skip("needs bubblewrap: apt-get install bubblewrap")
    workspace = settings.attempt_folder(ATTEMPT) / "workspace"
    (workspace / "solution").mkdir(parents=True)
    workspace.chmod(0o700)
    (workspace / "solution" / "solution.py").write_text("x = 1\n")
    return workspace


@pytest.fixture
def snapshot(settings: Settings, workspace: Path, environment: Environment):  # type: ignore[no-untyped-def]
    def run() -> str:
        if os.geteuid() == 0:
            subprocess.run(["chown", "-hR", f"{UID}:{UID}", workspace], check=True)
        return take(settings, ATTEMPT, UID, environment)

    return run


def refusal(snapshot) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(SnapshotRefused) as caught:
        snapshot()
    return caught.value.message


def test_a_solution_is_kept_as_it_is(settings, workspace, snapshot, tmp_path) -> None:
    (workspace / "solution" / "deep").mkdir()
    (workspace / "solution" / "deep" / "weights.bin").write_bytes(os.urandom(700_001))
    (workspace / "elsewhere.py").write_text("not scored\n")
    name = snapshot()
    extract(settings, name, tmp_path / "out")
    for path in ("solution.py", "deep/weights.bin"):
        assert (tmp_path / "out" / path).read_bytes() == (
            workspace / "solution" / path
        ).read_bytes()
    assert len(load(settings, name).files) == 2
    assert from_folder(settings, workspace / "solution") == name


def test_a_link_to_a_private_file_is_refused(settings, workspace, snapshot) -> None:
    private = settings.root / "private.txt"
    private.write_text("held out")
    (workspace / "solution" / "truth.txt").symlink_to(private)
    assert refusal(snapshot) == (
        "solution/truth.txt is a symbolic link; only regular files are scored."
        " Replace it by a copy."
    )


def test_a_solution_folder_replaced_by_a_link_is_refused(settings, workspace, snapshot) -> None:
    shutil.rmtree(workspace / "solution")
    (workspace / "solution").symlink_to(settings.root)
    assert refusal(snapshot).startswith("solution is a symbolic link")


def test_a_missing_solution_folder_is_named(workspace, snapshot) -> None:
    shutil.rmtree(workspace / "solution")
    assert refusal(snapshot) == "There is no folder solution/ in your workspace. Create it."


def test_a_solution_that_is_a_file_is_refused(workspace, snapshot) -> None:
    shutil.rmtree(workspace / "solution")
    (workspace / "solution").write_text("x = 1\n")
    assert refusal(snapshot) == "solution is a file; it must be a folder."


def test_a_named_pipe_is_refused_at_once(workspace, snapshot) -> None:
    os.mkfifo(workspace / "solution" / "pipe")
    assert "solution/pipe is a named pipe" in refusal(snapshot)


def test_a_socket_is_refused(workspace, snapshot, monkeypatch) -> None:
    monkeypatch.chdir(workspace / "solution")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("sock")
        assert refusal(snapshot) == (
            "solution/sock cannot be copied: socket ignored. Remove or repair it."
        )


def test_a_file_that_is_too_large_is_refused(workspace, snapshot) -> None:
    (workspace / "solution" / "big").write_bytes(bytes((1 << 20) + 1))
    assert "larger than 1 MiB (at solution/big)" in refusal(snapshot)


@pytest.mark.parametrize(("size", "words"), [(1 << 32, "1 MiB"), (1 << 42, "8 GiB")])
def test_a_huge_sparse_file_is_refused_quickly(workspace, snapshot, size, words) -> None:
    with (workspace / "solution" / "hole").open("wb") as file:
        file.truncate(size)
    assert f"larger than {words}" in refusal(snapshot)


def test_too_many_files_are_refused(workspace, snapshot) -> None:
    for number in range(2001):
        (workspace / "solution" / str(number)).touch()
    assert "more than 2000 files" in refusal(snapshot)


@pytest.mark.skipif(os.geteuid() != 0, reason="as one's own uid every file is readable or fixable")
def test_a_file_the_expert_cannot_read_is_not_read_by_us(workspace, snapshot) -> None:
    (workspace / "solution" / "solution.py").chmod(0)
    assert "solution/solution.py cannot be copied: Cannot open" in refusal(snapshot)


def test_a_name_that_tar_cannot_store_is_refused(workspace, snapshot) -> None:
    (workspace / "solution" / ("n" * 200)).touch()
    assert "name is too long" in refusal(snapshot)


def test_hard_links_within_the_solution_are_two_files(settings, workspace, snapshot) -> None:
    os.link(workspace / "solution" / "solution.py", workspace / "solution" / "again.py")
    assert [f.path for f in load(settings, snapshot()).files] == ["again.py", "solution.py"]


def test_dates_beyond_the_format_do_no_harm(workspace, snapshot) -> None:
    os.utime(workspace / "solution" / "solution.py", (1 << 35, 1 << 35))
    snapshot()


def test_a_thousand_complaints_do_not_block_it(workspace, snapshot, monkeypatch) -> None:
    for number in range(1000):
        name = workspace / "solution" / f"{number:04d}{'x' * 90}"
        os.mknod(name, 0o140644) if os.geteuid() == 0 else name.touch(0)
    assert "cannot be copied" in refusal(snapshot)


def test_it_gives_up_after_its_time(workspace, snapshot, monkeypatch) -> None:
    monkeypatch.setattr(taking, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(taking, "TAR", ("sleep", "30"))
    assert "took longer than 0.3 s" in refusal(snapshot)


def test_a_tool_that_fails_is_our_fault(workspace, snapshot, monkeypatch) -> None:
    monkeypatch.setattr(taking, "TAR", ("sh", "-c", "echo broken >&2; exit 9"))
    with pytest.raises(PortalError, match="our fault") as caught:
        snapshot()
    assert caught.value.status == 503
    assert "broken" in caught.value.log


def test_a_file_that_is_written_all_the_time_is_refused_after_three_tries(
    workspace, snapshot, monkeypatch
) -> None:
    monkeypatch.setattr(taking, "TAR", ("sh", "-c", "exit 1"))
    assert "changed while it was copied" in refusal(snapshot)
