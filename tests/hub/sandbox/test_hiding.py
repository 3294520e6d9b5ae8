"""What is not listed does not exist inside; what is listed cannot be changed unless writable."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.sandbox import run_tool
from hub.settings import CHECKOUT, Settings

pytestmark = pytest.mark.sandbox
Inside = Callable[[str], str]


def test_the_data_folder_and_the_operators_code_do_not_exist_inside(
    inside: Inside, settings: Settings
) -> None:
    secret = settings.root / "secret.txt"
    secret.write_text("truth")
    paths = [secret, settings.root, CHECKOUT / "hub", CHECKOUT / "environments", CHECKOUT / ".git"]
    for path in paths:
        assert "No such file" in inside(f"ls {path} 2>&1; cat {path} 2>&1")


def test_the_operators_home_and_variables_are_absent(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    text = inside("env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; ls -A ~/..")
    assert "hunter2" not in text
    assert "DATABASE_PASSWORD" not in text


def test_only_own_processes_are_visible(inside: Inside) -> None:
    seen = [int(pid) for pid in inside("ls /proc | grep -E '^[0-9]+$'").split()]
    assert max(seen) < 30


def test_system_and_interpreter_are_read_only(inside: Inside, settings: Settings) -> None:
    for folder in ("/usr/bin", "/etc", str(settings.expert_environment), "/"):
        assert "cannot touch" in inside(f"touch {folder}/planted 2>&1")


def test_the_workspace_is_writable_and_kept(inside: Inside, workspace: Path) -> None:
    inside("echo kept > ~/note.txt")
    assert (workspace / "note.txt").read_text() == "kept\n"


def test_there_is_no_network_but_an_empty_loopback(inside: Inside) -> None:
    program = (
        "import socket,sys\n"
        "for host in ('10.0.0.1', '127.0.0.1'):\n"
        "    try: socket.create_connection((host, 22), 2); print('REACHED', host)\n"
        "    except OSError as error: print('no', error)\n"
    )
    text = inside(f'python3 -c "{program}"; cat /proc/net/dev')
    assert "REACHED" not in text
    assert "eth" not in text


def test_privileges_cannot_be_gained_or_namespaces_nested(inside: Inside) -> None:
    text = inside(
        "unshare -Ur id 2>&1; mount -t tmpfs none /tmp 2>&1; "
        "grep -E 'Cap(Eff|Bnd)|NoNew' /proc/self/status"
    )
    assert "uid=0" not in text
    assert "CapEff:\t0000000000000000" in text
    assert "NoNewPrivs:\t1" in text


def test_inherited_descriptors_do_not_get_in(settings: Settings, inside: Inside) -> None:
    hidden = settings.root / "hidden.txt"
    hidden.write_text("truth")
    descriptor = os.open(hidden, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    try:
        assert "truth" not in inside("for f in /proc/self/fd/*; do [ -f $f ] && cat $f; done")
    finally:
        os.close(descriptor)


def test_a_link_in_the_workspace_to_a_private_file_leads_nowhere(
    settings: Settings, workspace: Path
) -> None:
    (settings.root / "private.txt").write_text("truth")
    (workspace / "link").symlink_to(settings.root / "private.txt")
    with run_tool(
        settings, ["cat", "/home/expert/link"], name="link", uid=219_001,
        read_only={"/home/expert": workspace},
    ) as tool:  # fmt: skip
        output, errors = tool.communicate(timeout=30)
    assert output == b""
    assert b"No such file" in errors


def test_a_sandbox_that_cannot_start_says_why(settings: Settings) -> None:
    """As root bwrap says so itself; as a user it ends before there is anything to run in."""
    missing = {"/data": settings.root / "does-not-exist"}
    try:
        with run_tool(settings, ["true"], name="broken", uid=219_001, read_only=missing) as tool:
            _, errors = tool.communicate(timeout=30)
    except RuntimeError as error:
        errors = str(error).encode()
    assert b"does-not-exist" in errors
