"""A sandbox described: the positive list of what one untrusted process may see and use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Sandbox:
    """Paths are inside → host. What is not listed does not exist inside.

    Always there, read-only: /usr, a generated /etc, the expert's interpreter environment.
    Always private: /tmp, /dev/shm, PIDs, IPC, host name, and a network with loopback only.
    """

    name: str  # unique among living sandboxes; names the cgroup
    uid: int  # used when the portal runs as root; else all share the operator's uid
    read_only: Mapping[str, Path] = field(default_factory=dict)
    writable: Mapping[str, Path] = field(default_factory=dict)
    devices: Sequence[str] = ()  # device nodes of leased GPUs
    home: str = "/home/expert"  # current directory; a private tmpfs unless listed above
    memory_bytes: int = 4 << 30
    processes: int = 256
    tmp_bytes: int = 1 << 30
    shm_bytes: int = 1 << 30
    dies_with_parent: bool = True  # False for notebook servers, which outlive a Hub restart
