"""Which GPUs there are, and which an attempt gets: all it asks for or none.

Zero GPUs is a normal machine. `hub.store.leases` keeps who holds them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pynvml

SHARED_NODES = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools")


@dataclass(frozen=True)
class Gpu:
    """One GPU as the driver reports it."""

    uuid: str  # the only name that stays when device nodes are missing
    minor: int  # of /dev/nvidia<minor>; not the driver's index
    name: str
    memory_bytes: int
    numa_node: int  # -1 where the machine does not say


def choose(count: int, free: Collection[Gpu]) -> list[Gpu] | None:
    """`count` of the free GPUs, or None if there are not enough. Zero GPUs is an empty list.

    Takes the fullest NUMA node that suffices, so that large requests find room later; spreads
    over nodes only if no single one suffices. It does not know of NVLink groups within a node.
    """
    if count > len(free):
        return None
    nodes: dict[int, list[Gpu]] = defaultdict(list)
    for gpu in sorted(free, key=lambda gpu: gpu.minor):
        nodes[gpu.numa_node].append(gpu)
    fitting = [gpus for gpus in nodes.values() if len(gpus) >= count]
    if fitting:
        return min(fitting, key=len)[:count]
    largest_first = sorted(nodes.values(), key=len, reverse=True)
    return [gpu for gpus in largest_first for gpu in gpus][:count]


def device_nodes(gpus: Sequence[Gpu]) -> list[str]:
    """What a sandbox needs to use exactly these GPUs; nothing for none."""
    if not gpus:
        return []
    shared = [node for node in SHARED_NODES if Path(node).exists()]
    return [*(f"/dev/nvidia{gpu.minor}" for gpu in gpus), *shared]


def discover() -> list[Gpu]:
    """Every GPU the driver shows; none where there is no driver or no device."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no library, no driver, no permission: there is nothing to lease
        return []
    try:
        return [_gpu(index) for index in range(pynvml.nvmlDeviceGetCount())]
    finally:
        pynvml.nvmlShutdown()


def _gpu(index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    address = pynvml.nvmlDeviceGetPciInfo(handle).busId
    return Gpu(
        uuid=_text(pynvml.nvmlDeviceGetUUID(handle)),
        minor=pynvml.nvmlDeviceGetMinorNumber(handle),
        name=_text(pynvml.nvmlDeviceGetName(handle)),
        memory_bytes=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
        numa_node=_numa_node(_text(address)),
    )


def _numa_node(address: str) -> int:
    """`address` like 00000000:3B:00.0; the kernel writes four digits of the domain."""
    domain, _, rest = address.lower().partition(":")
    file = Path("/sys/bus/pci/devices", f"{domain[-4:]}:{rest}", "numa_node")
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return -1


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
