"""The configuration of supervisord, as text, from the portal's settings."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hub.errors import Unavailable
from hub.programs import instances
from hub.settings import CHECKOUT, Settings

# The kernel takes 107 bytes for a socket's path; supervisord appends its PID at first.
SOCKET_PATH_BYTES = 95

HEAD = """\
; Written by `portal up`; changes are lost. Made with: {variables}
[unix_http_server]
file={socket}
chmod=0600

[supervisord]
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
logfile_backups=3
pidfile={run}/supervisord.pid
childlogdir={logs}
directory={checkout}
identifier=expert-portal
{as_user}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

# Groups are not stopped as a whole: experts' servers have sessions of their own and must survive.
PROGRAM = """
[program:{instance}]
command={python} -m hub.cli run {name} --instance {instance}
priority={priority}
autorestart=true
startretries=1000000
startsecs=1
stopasgroup=false
killasgroup=false
stopwaitsecs=10
redirect_stderr=true
stdout_logfile={logs}/{instance}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


def text(settings: Settings) -> str:
    """The whole file. It names the portal's variables, so that other values change it."""
    values = {
        "socket": _escaped(socket_path(settings)),
        "logs": _escaped(settings.logs_folder),
        "run": _escaped(settings.run_folder),
        "checkout": _escaped(CHECKOUT),
        "python": _quoted(sys.executable),
        # Said aloud, or supervisord warns that it keeps its rights.
        "as_user": "user=root" if os.getuid() == 0 else "",
        "variables": _escaped(json.dumps(portal_variables(settings, os.environ))),
    }
    blocks = [
        PROGRAM.format(name=name, instance=instance, priority=10 * number, **values)
        for number, (name, instance) in enumerate(instances(settings), 1)
    ]
    return "".join([HEAD.format(**values), *blocks])


def socket_path(settings: Settings) -> Path:
    """The supervisor's socket: in the run folder, or in a short private folder if that is long.

    Raises `Unavailable` if somebody else made that folder first.
    """
    path = settings.run_folder / "supervisor.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    short = hashlib.sha256(os.fsencode(settings.run_folder)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir(), f"portal-{os.getuid()}-{short}")
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Unavailable(f"{folder} is not ours alone.", hint="Remove it and try again.")
    return folder / "supervisor.sock"


def portal_variables(settings: Settings, variables: Mapping[str, str]) -> dict[str, str]:
    """Those of the operator's variables that the portal reads, and its data folder."""
    ours = {key: variables[key] for key in sorted(variables) if key.startswith("PORTAL_")}
    return {**ours, "PORTAL_DATA": str(settings.root)}


def _escaped(value: Path | str) -> str:
    return str(value).replace("%", "%%")


def _quoted(value: Path | str) -> str:
    return '"' + _escaped(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
