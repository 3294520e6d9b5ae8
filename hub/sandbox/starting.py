"""Starts sandboxes: clean environment, no inherited descriptors, limits before the first step."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from hub.sandbox import bubblewrap
from hub.sandbox.cgroups import Group
from hub.sandbox.description import Sandbox
from hub.sandbox.mode import isolation_mode
from hub.sandbox.process import Identity, SandboxedProcess
from hub.sandbox.seccomp import filter_program, memory_file
from hub.settings import Settings

BASE_ENVIRONMENT = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
Stream = int | IO[Any] | None


def start(
    settings: Settings,
    sandbox: Sandbox,
    words: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.DEVNULL,
    stderr: Stream = subprocess.DEVNULL,
) -> SandboxedProcess:
    """Runs `words` inside. Raises RuntimeError with bwrap's own words if it cannot start."""
    variables = {**BASE_ENVIRONMENT, "HOME": sandbox.home, "PATH": _path(settings)}
    variables |= environment or {}
    streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    if isolation_mode(settings) == "none":
        return _start_plain(sandbox, words, variables, pass_fds, streams)
    return _start_sandboxed(settings, sandbox, words, variables, pass_fds, streams)


@contextmanager
def run_tool(
    settings: Settings,
    words: Sequence[str],
    *,
    name: str,
    uid: int,
    read_only: Mapping[str, Path] | None = None,
    writable: Mapping[str, Path] | None = None,
    stdin: Stream = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A short trusted tool (tar …) over untrusted files, as the expert; killed on leaving.

    `stdout` and `stderr` are pipes. The caller reads, waits and judges the exit code.
    """
    sandbox = Sandbox(name, uid, read_only or {}, writable or {}, processes=32)
    process = start(settings, sandbox, words, environment=environment, stdin=stdin,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert process.popen is not None
    with process.popen as popen:
        try:
            yield popen
        finally:
            process.kill()


def _start_sandboxed(
    settings: Settings,
    sandbox: Sandbox,
    words: Sequence[str],
    variables: Mapping[str, str],
    pass_fds: Sequence[int],
    streams: Mapping[str, Any],
) -> SandboxedProcess:
    mode = isolation_mode(settings)
    group = Group(sandbox.name)
    if group.version != "none":
        group.create(memory_bytes=sandbox.memory_bytes, processes=sandbox.processes)
    with ExitStack() as stack:
        line, given = _descriptors(stack, sandbox, mode == "root")
        info, info_inside = _pipe(stack)
        gate_inside, gate = _pipe(stack)
        # Last of all mounts: the root is the sandbox's own tmpfs; nothing is planted there either.
        line = [*bubblewrap.arguments(settings, sandbox, mode), *line, "--remount-ro", "/"]
        line += ["--info-fd", str(info_inside.fileno()), "--block-fd", str(gate_inside.fileno())]
        line += bubblewrap.command(sandbox, mode, words, limit_memory=group.version == "none")
        popen = subprocess.Popen(
            line, env=dict(variables), close_fds=True, start_new_session=True,
            pass_fds=(*pass_fds, *given, info_inside.fileno(), gate_inside.fileno()), **streams,
        )  # fmt: skip
        info_inside.close()
        inner = _inner(info, popen)
        group.add(inner.pid)  # not bwrap outside: frozen, it could not reap
        gate.write(b"g")  # only now does the untrusted command begin
    return SandboxedProcess(sandbox.name, mode, inner, popen)


def _descriptors(stack: ExitStack, sandbox: Sandbox, own_uid: bool) -> tuple[list[str], list[int]]:
    """Options that read from a descriptor: the files of /etc and the system-call filter."""
    line: list[str] = []
    given: list[int] = []
    uid = sandbox.uid if own_uid else os.getuid()
    for path, content in bubblewrap.etc_files(uid).items():
        given.append(_memory(stack, path, content))
        line += ["--perms", "0644", "--ro-bind-data", str(given[-1]), path]
    program = filter_program()
    if program is not None:
        given.append(_memory(stack, "seccomp", program))
        line += ["--seccomp", str(given[-1])]
    return line, given


def _memory(stack: ExitStack, name: str, content: bytes) -> int:
    descriptor = memory_file(Path(name).name, content)
    stack.callback(os.close, descriptor)
    return descriptor


def _pipe(stack: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """Reading and writing end as file objects: closing one twice cannot hit a reused number."""
    reading, writing = os.pipe()
    return (
        stack.enter_context(open(reading, "rb", buffering=0)),
        stack.enter_context(open(writing, "wb", buffering=0)),
    )


def _inner(info: IO[bytes], popen: subprocess.Popen[bytes]) -> Identity:
    """The PID that is 1 inside."""
    text = b""
    while b"}" not in text and (chunk := info.read(4096)):
        text += chunk
    identity = Identity.of(json.loads(text)["child-pid"]) if text else None
    if identity is None:
        _, errors = popen.communicate(timeout=10)
        words = (errors or b"").decode(errors="replace").strip()
        raise RuntimeError(f"the sandbox did not start: {words or 'no message from bwrap'}")
    return identity


def _start_plain(
    sandbox: Sandbox,
    words: Sequence[str],
    variables: Mapping[str, str],
    pass_fds: Sequence[int],
    streams: Mapping[str, Any],
) -> SandboxedProcess:
    """Without a sandbox: own session and clean environment only. Guards nothing."""
    mounts = {**sandbox.read_only, **sandbox.writable}
    home = mounts.get(sandbox.home)
    words = [_on_host(word, mounts) for word in words]
    variables = {key: _on_host(value, mounts) for key, value in variables.items()}
    popen = subprocess.Popen(
        words, env=variables, close_fds=True, start_new_session=True,
        pass_fds=pass_fds, cwd=home, **streams,
    )  # fmt: skip
    identity = Identity.of(popen.pid) or Identity(popen.pid, 0)
    return SandboxedProcess(sandbox.name, "none", identity, popen)


def _on_host(word: str, mounts: Mapping[str, Path]) -> str:
    """The word with an inside path (`PATH` or `--option=PATH`) replaced by the host's."""
    option, equals, path = word.rpartition("=") if word.startswith("--") else ("", "", word)
    for inside, host in mounts.items():
        if path == inside or path.startswith(f"{inside}/"):
            return f"{option}{equals}{host}{path[len(inside) :]}"
    return word


def _path(settings: Settings) -> str:
    return f"{settings.expert_environment.resolve() / 'bin'}:/usr/local/bin:/usr/bin:/bin"
