"""Which guards are in force on this machine, in words an admin reads and an attempt records."""

from __future__ import annotations

from typing import Any

from hub.sandbox import cgroups
from hub.sandbox.mode import isolation_mode
from hub.sandbox.seccomp import filter_program
from hub.settings import Settings


def detect(settings: Settings) -> dict[str, Any]:
    """JSON. `isolation` is `bubblewrap` or `none`; the rest says what that rests on.

    It reports what was probed at start. It does not prove that each guard holds: the tests that
    attack them do.
    """
    mode = isolation_mode(settings)
    if mode == "none":
        return {
            "isolation": "none", "uid": "operator's own", "network": "host", "seccomp": "none",
            "limits": "none", "freeze": "stop signals",
        }  # fmt: skip
    groups = cgroups.version()
    return {
        "isolation": "bubblewrap",
        "uid": "one per attempt" if mode == "root" else "operator's own, in a user namespace",
        "network": "own namespace, loopback and relay only",
        "seccomp": "deny list" if filter_program() is not None else "none",
        "limits": "rlimits" if groups == "none" else f"cgroup {groups}",
        "freeze": "stop signals" if groups == "none" else f"cgroup {groups}",
    }


MISSING = {
    "isolation": "bubblewrap is missing or refused: experts' code runs as you and sees your files."
    " For trying out only. Install the package bubblewrap.",
    "seccomp": "libseccomp is missing: no system-call filter under the namespaces.",
    "limits": "no control groups: memory is limited per process, not per attempt.",
}


def warnings(guards: dict[str, Any]) -> list[str]:
    """One sentence for each guard that is not in force: what is missing and what it means."""
    weak = {"none", "rlimits"}
    return [text for key, text in MISSING.items() if guards.get(key) in weak]
