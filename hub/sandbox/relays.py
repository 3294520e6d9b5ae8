"""Starts a relay (`hub.sandbox.relay`) as a process of its own, which outlives a Hub restart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from hub.sandbox.process import Identity, SandboxedProcess
from hub.settings import CHECKOUT


def start_relay(
    process: SandboxedProcess, port: int, inside: int, outward: Sequence[int]
) -> tuple[Identity, int]:
    """Host `port` (0: any) → port `inside`; and each of `outward` the other way, same number.

    Returns the relay and the port it listens on. Raises RuntimeError if it does not start.
    """
    state = json.dumps(process.to_state())
    words = [sys.executable, "-m", "hub.sandbox.relay", "--sandbox", state]
    words += ["--port", str(port), "--inside", str(inside)]
    for number in outward:
        words += ["--out", str(number)]
    relay = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
        cwd=CHECKOUT, env={"PATH": os.defpath},
    )  # fmt: skip
    assert relay.stdout is not None
    with relay.stdout as stdout:
        line = stdout.readline()
    identity = Identity.of(relay.pid)
    if not line or identity is None:
        relay.kill()
        relay.wait()
        raise RuntimeError("the relay into the sandbox's network did not start")
    _watched.append(relay)
    return identity, int(line)


_watched: list[subprocess.Popen[bytes]] = []  # kept, so that ended relays are reaped, not zombies


def reap_ended() -> None:
    """Collects relays that ended with their sandboxes."""
    _watched[:] = [relay for relay in _watched if relay.poll() is None]
