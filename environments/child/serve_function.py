"""Runs inside the sandbox: calls one function of the solution on arrays in shared memory.

Whatever runs here is in the hands of the solution; nothing it says is believed. The checks
below only turn honest mistakes into clear sentences, the scorer's own checks decide.

    serve_function.py FOLDER FILE FUNCTION DTYPE DEVICE CONTROL_FD INPUT_FD OUTPUT_FD
"""

import importlib
import mmap
import os
import socket
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import cast

import torch

HEADER_BYTES = 4096  # of the input: the count of elements as int64, then nothing up to a page
TEXT_BYTES = 3500
LINES = 12
Function = Callable[[torch.Tensor], torch.Tensor]


class Refused(Exception):
    """The solution's answer cannot be used; the sentence says why."""


def main() -> int:
    folder, file, name, dtype, device = sys.argv[1:6]
    control_fd, input_fd, output_fd = map(int, sys.argv[6:9])
    control = socket.socket(fileno=control_fd)
    try:
        function = load(Path(folder) / file, name)
        buffers = Buffers(input_fd, output_fd, getattr(torch, dtype), device)
        control.send(b"r")
        serve(control, function, buffers)
    except BaseException as error:  # noqa: BLE001 - also exit() and KeyboardInterrupt of a solution
        control.send(b"x" + sentence(error, folder).encode()[-TEXT_BYTES:])
        return 1
    return 0


def serve(control: socket.socket, function: Function, buffers: "Buffers") -> None:
    while command := control.recv(1):
        if command == b"g":
            buffers.answer(function)
        control.send(b"d")


class Buffers:
    """The two shared memories as flat tensors, mapped once."""

    def __init__(self, input_fd: int, output_fd: int, dtype: torch.dtype, device: str) -> None:
        self.device = torch.device(device)
        size = os.fstat(input_fd).st_size
        given = mmap.mmap(input_fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
        taken = mmap.mmap(output_fd, os.fstat(output_fd).st_size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns that the input is read-only: it is
            self.header = torch.frombuffer(given, dtype=torch.int64, count=1)
            self.given = torch.frombuffer(given, dtype=dtype, offset=HEADER_BYTES)
        self.taken = torch.frombuffer(taken, dtype=dtype)

    def answer(self, function: Function) -> None:
        """One call. The copy into the scorer's memory also waits for a GPU's default stream."""
        count = int(self.header[0])
        x = self.given[:count].to(self.device)
        result = function(x)
        check(result, x)
        self.taken[:count].copy_(result)


def check(result: object, x: torch.Tensor) -> None:
    if type(result) is not torch.Tensor:
        kind = type(result)
        raise Refused(f"The result must be a torch.Tensor, not {kind.__module__}.{kind.__name__}.")
    for what in ("shape", "dtype", "device"):
        found, wanted = getattr(result, what), getattr(x, what)
        if found != wanted:
            raise Refused(f"The result's {what} must be that of x, {wanted}, not {found}.")


def load(file: Path, name: str) -> Function:
    """The function `name` of the solution's `file`, whose folder can be imported from."""
    sys.path.insert(0, str(file.parent))
    module = importlib.import_module(file.stem)
    function = getattr(module, name, None)
    if not callable(function):
        raise Refused(f"{file.name} has no function {name}.")
    return cast(Function, function)


def sentence(error: BaseException, folder: str) -> str:
    """A refusal as it is; anything else as the end of its traceback, from the solution on."""
    if isinstance(error, Refused):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    while frames and not frames[0].filename.startswith(folder):
        del frames[0]
    text = [*traceback.format_list(frames), *traceback.format_exception_only(error)]
    return "\n" + "\n".join(line[:200] for line in "".join(text).splitlines()[-LINES:])


if __name__ == "__main__":
    sys.exit(main())
