"""The machine as attempts and score entries record it."""

from __future__ import annotations

import functools
import os
import platform
from pathlib import Path
from typing import Any

from hub.gpus import discover
from hub.settings import Settings


@functools.cache
def describe(settings: Settings) -> dict[str, Any]:
    """JSON: processor, memory, GPUs and the versions that decide how fast a solution runs."""
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "gpus": [gpu.name for gpu in discover()],
        "kernel": platform.release(),
        "torch": _installed_version(settings, "torch"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _installed_version(settings: Settings, package: str) -> str | None:
    """Read from the experts' interpreter environment without starting it."""
    pattern = f"lib/python*/site-packages/{package}-*.dist-info"
    for folder in settings.expert_environment.glob(pattern):
        return folder.name.removeprefix(f"{package}-").removesuffix(".dist-info")
    return None
