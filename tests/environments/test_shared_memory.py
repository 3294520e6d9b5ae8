"""What the kernel refuses to the holder of a sealed descriptor."""

from __future__ import annotations

import mmap
import os

import pytest

from environments.shared_memory import SharedMemory

SIZE = 8192


def test_the_input_can_be_read_and_refilled_by_us_only() -> None:
    with SharedMemory(SIZE, input_only=True) as memory:
        theirs = mmap.mmap(memory.fd, SIZE, prot=mmap.PROT_READ)
        memory.map[:5] = b"first"
        assert theirs[:5] == b"first"
        memory.map[:5] = b"again"
        assert theirs[:5] == b"again"


def test_the_input_can_not_be_mapped_for_writing() -> None:
    with SharedMemory(SIZE, input_only=True) as memory, pytest.raises(PermissionError):
        mmap.mmap(memory.fd, SIZE)


def test_the_input_can_not_be_written() -> None:
    with SharedMemory(SIZE, input_only=True) as memory, pytest.raises(PermissionError):
        os.pwrite(memory.fd, b"x", 0)


def test_opening_the_input_again_does_not_help() -> None:
    with SharedMemory(SIZE, input_only=True) as memory:
        again = os.open(f"/proc/self/fd/{memory.fd}", os.O_RDWR)
        try:
            with pytest.raises(PermissionError):
                os.pwrite(again, b"x", 0)
        finally:
            os.close(again)


@pytest.mark.parametrize("input_only", [True, False])
@pytest.mark.parametrize("size", [0, SIZE * 2])
def test_neither_memory_can_change_its_size(input_only: bool, size: int) -> None:
    with SharedMemory(SIZE, input_only=input_only) as memory, pytest.raises(PermissionError):
        os.ftruncate(memory.fd, size)


def test_the_output_can_be_written() -> None:
    with SharedMemory(SIZE, input_only=False) as memory:
        os.pwrite(memory.fd, b"answer", 0)
        assert memory.map[:6] == b"answer"


def test_leaving_closes_the_descriptor_twice_is_harmless() -> None:
    with SharedMemory(SIZE, input_only=False) as memory:
        memory.close_fd()
    assert memory.fd == -1
