"""A `Sandbox` as a bubblewrap command line. Knows bubblewrap, nothing of Jupyter or scoring.

Traps that shaped it: implicit parent folders are 0700, so each is made explicitly; PID 1 inside
keeps the launcher's environment, so bwrap itself is started with the clean one.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from hub.sandbox.description import Sandbox
from hub.sandbox.mode import Mode
from hub.settings import CHECKOUT, Settings

NAMESPACES = ("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
              "--unshare-net")  # fmt: skip
ETC_FROM_HOST = ("alternatives", "fonts", "ld.so.cache", "localtime", "ssl")


def arguments(settings: Settings, sandbox: Sandbox, mode: Mode) -> list[str]:
    """Everything before the command: namespaces, mounts, limits on temporary space."""
    mounts = {**interpreter_mounts(settings), **sandbox.read_only}
    words = [shutil.which("bwrap") or "bwrap", *NAMESPACES, *_identity(mode)]
    words += ["--hostname", "sandbox", "--new-session"]
    words += ["--die-with-parent"] if sandbox.dies_with_parent else []
    words += _system()
    words += ["--perms", "1777", "--size", str(sandbox.tmp_bytes), "--tmpfs", "/tmp"]
    words += ["--perms", "1777", "--size", str(sandbox.shm_bytes), "--tmpfs", "/dev/shm"]
    words += _parents([*mounts, *sandbox.writable, sandbox.home])
    for inside, host in mounts.items():
        words += ["--ro-bind", str(host), inside]
    if not _covered(sandbox.home, [*mounts, *sandbox.writable, "/tmp"]):
        words += ["--perms", "1777", "--size", str(sandbox.tmp_bytes), "--tmpfs", sandbox.home]
    for inside, host in sandbox.writable.items():
        words += ["--bind", str(host), inside]
    for node in sandbox.devices:
        words += ["--dev-bind", node, node]
    return [*words, "--chdir", sandbox.home]


def command(sandbox: Sandbox, mode: Mode, words: Sequence[str], *, limit_memory: bool) -> list[str]:
    """The command with resource limits and, as root, the step down to the sandbox's uid."""
    limits = ["prlimit", f"--nproc={sandbox.processes}", "--core=0", "--nofile=4096:4096"]
    if limit_memory:
        limits.append(f"--as={sandbox.memory_bytes}")
    if mode == "user":
        return [*limits, *words]
    identity = ["setpriv", f"--reuid={sandbox.uid}", f"--regid={sandbox.uid}", "--clear-groups",
                "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]  # fmt: skip
    return [*identity, *limits, *words]


def etc_files(uid: int) -> dict[str, bytes]:
    """The generated files of /etc."""
    return {
        "/etc/passwd": f"expert:x:{uid}:{uid}:expert:/home/expert:/bin/bash\n".encode(),
        "/etc/group": f"expert:x:{uid}:\n".encode(),
        "/etc/hosts": b"127.0.0.1 localhost sandbox\n",
        "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
    }


@functools.cache
def interpreter_mounts(settings: Settings) -> dict[str, Path]:
    """The expert's interpreter environment, the Python it is built on, and the panel."""
    environment = settings.expert_environment.resolve()
    mounts = {str(environment): environment}
    base = _base_prefix(environment)
    if not base.is_relative_to("/usr"):
        mounts[str(base)] = base
    panel = CHECKOUT / "extensions" / "score_panel"
    if panel.is_dir():
        mounts[str(panel)] = panel
    return mounts


def _base_prefix(environment: Path) -> Path:
    for line in (environment / "pyvenv.cfg").read_text().splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            return Path(value.strip()).resolve().parent
    return Path("/usr")


def _identity(mode: Mode) -> list[str]:
    if mode == "user":
        return ["--unshare-user", "--disable-userns"]
    words = ["--cap-drop", "ALL"]
    for capability in ("SETUID", "SETGID", "SETPCAP", "SYS_RESOURCE"):
        words += ["--cap-add", f"CAP_{capability}"]
    return words


def _system() -> list[str]:
    words = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for name in ("bin", "lib", "lib64", "sbin"):
        if Path("/", name).is_symlink():
            words += ["--symlink", f"usr/{name}", f"/{name}"]
        elif Path("/", name).is_dir():
            words += ["--ro-bind", f"/{name}", f"/{name}"]
    words += ["--perms", "0755", "--dir", "/etc"]
    for name in ETC_FROM_HOST:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return words


def _parents(paths: Sequence[str]) -> Iterator[str]:
    made = {"/", "/usr", "/etc", "/tmp", "/dev"}
    for path in paths:
        for parent in reversed(PurePosixPath(path).parents):
            if str(parent) not in made and not parent.is_relative_to("/usr"):
                made.add(str(parent))
                yield from ("--perms", "0755", "--dir", str(parent))


def _covered(path: str, mounts: Sequence[str]) -> bool:
    return any(PurePosixPath(path).is_relative_to(mount) for mount in mounts)
