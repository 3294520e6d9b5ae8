"""Which isolation this machine and these settings give: bubblewrap as root, as user, or none."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from typing import Literal

from hub.settings import Settings

Mode = Literal["root", "user", "none"]


def isolation_mode(settings: Settings) -> Mode:
    """`root`: each sandbox has a uid of its own. `user`: all share the operator's uid.

    `none` means no sandbox at all; every page and attempt then says `isolation: none`.
    """
    if settings.isolation == "none":
        return "none"
    return _probed_mode()


@functools.cache
def _probed_mode() -> Mode:
    """Tries a real sandbox: an installed bwrap may still be refused by the kernel."""
    mode: Mode = "root" if os.geteuid() == 0 else "user"
    binary = shutil.which("bwrap")
    if binary is None or (mode == "root" and shutil.which("setpriv") is None):
        return "none"
    user = [] if mode == "root" else ["--unshare-user", "--disable-userns"]
    probe = [binary, *user, "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "true"]
    try:
        done = subprocess.run(probe, capture_output=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return "none"
    return mode if done.returncode == 0 else "none"
