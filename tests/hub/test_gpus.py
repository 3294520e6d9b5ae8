"""GPUs: all or none, from one node where possible, never two attempts on one."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter

import pytest
from sqlalchemy import select

from hub.errors import Refused
from hub.gpus import Gpu, choose, device_nodes, discover
from hub.hardware import describe
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.leases import lease, reconcile, release
from hub.store.models import GpuLease
from tests.hub.records import add_attempt

EIGHT = [Gpu(f"GPU-{n}", n, "H100", 80 << 30, n // 4) for n in range(8)]


def test_a_machine_without_gpus_is_normal(settings: Settings) -> None:
    assert all(isinstance(gpu, Gpu) for gpu in discover())
    assert choose(0, []) == []
    assert device_nodes([]) == []
    assert describe(settings)["gpus"] == [gpu.name for gpu in discover()]


def test_too_few_free_gpus_give_none_at_all() -> None:
    assert choose(3, EIGHT[:2]) is None


def test_gpus_come_from_one_numa_node_where_one_suffices() -> None:
    chosen = choose(3, [EIGHT[0], EIGHT[1], *EIGHT[4:]])
    assert chosen == EIGHT[4:7]


def test_the_fullest_node_that_suffices_is_used_first() -> None:
    assert choose(1, [EIGHT[0], *EIGHT[4:]]) == [EIGHT[0]]


def test_more_than_one_node_holds_is_spread() -> None:
    assert choose(6, EIGHT) == EIGHT[:6]


def test_device_nodes_are_those_of_the_minor_numbers() -> None:
    assert "/dev/nvidia3" in device_nodes([EIGHT[3]])
    assert "/dev/nvidia0" not in device_nodes([EIGHT[3]])


def test_a_lease_is_kept_when_asked_again_and_freed_when_released(store: Store) -> None:
    first, second = add_attempt(store), add_attempt(store, expert="bert")
    assert lease(store, first, 2, EIGHT[:2]) == lease(store, first, 2, EIGHT[:2])
    with pytest.raises(Refused, match="1 GPUs are needed; 0 of 2 are free"):
        lease(store, second, 1, EIGHT[:2])
    release(store, first)
    release(store, first)
    assert lease(store, second, 2, EIGHT[:2]) == EIGHT[:2]


def test_leases_of_closed_attempts_are_freed(store: Store) -> None:
    closed, running = add_attempt(store), add_attempt(store, expert="bert", upto="started")
    lease(store, closed, 1, EIGHT[:2])
    lease(store, running, 1, EIGHT[:2])
    assert reconcile(store) == ["GPU-0"]
    with store.read() as session:
        assert list(session.scalars(select(GpuLease.attempt_id))) == [running]


def take_and_release(settings: Settings, attempt_id: int, grants: str) -> None:
    """Leases at random; writes down what it held at the same moment as the others."""
    store = open_store(settings)
    with open(grants, "a") as file:
        for _ in range(15):
            try:
                held = lease(store, attempt_id, random.randrange(5), EIGHT)
            except Refused:
                continue
            with store.read() as session:
                rows = session.scalars(select(GpuLease).where(GpuLease.attempt_id == attempt_id))
                file.write(f"{len(held)} {len(list(rows))}\n")
            release(store, attempt_id)


def test_processes_that_lease_at_once_never_share_a_gpu(
    settings: Settings, store: Store, tmp_path
) -> None:
    grants = tmp_path / "grants"
    grants.touch()
    context = multiprocessing.get_context("forkserver")
    attempts = [add_attempt(store, expert=f"e{n}") for n in range(4)]
    processes = [
        context.Process(target=take_and_release, args=(settings, attempt_id, str(grants)))
        for attempt_id in attempts
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
        process.close()
    lines = Counter(grants.read_text().splitlines())
    assert all(line.split()[0] == line.split()[1] for line in lines)
    assert sum(lines.values()) > 10
