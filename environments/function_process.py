"""A function of the solution in a process of its own: called on fresh arrays, timed by us.

The order of one call is the defence: frozen while the input is written and the output
poisoned; our clock starts before it may run; the answer is probed the moment it says "done"
and copied once it is frozen again; only then need the caller compute what is right.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from environments.contract import Scoring
from environments.launching import Launch
from environments.outcomes import InvalidSolution
from environments.shared_memory import SharedMemory
from environments.solution_process import DONE, FAULT, READY, Reply, SolutionChild

CHILD = Path(__file__).resolve().parent / "child"
HEADER_BYTES = 4096  # same in child/serve_function.py
PROBES = 512  # elements looked at before the freeze takes hold

Array = NDArray[Any]


@dataclass(frozen=True)
class Call:
    """One answered call. Both arrays are our own copies."""

    seconds: float  # from before the solution could see the input to its answer
    output: Array
    probed_at: Array  # indices, drawn after the answer was there
    probes: Array  # the output at these, read at once

    def finished_in_time(self) -> bool:
        """Whether what was there at "done" is what was there later; see `PROBES`."""
        return bool(np.array_equal(self.probes, self.output[self.probed_at]))


class FunctionProcess:
    """`function` of `file`, which maps a 1-D array to one of its shape and dtype.

    Use as a context. Raises `InvalidSolution` for everything that is the solution's fault.
    Not stopped: a solution that writes our output memory itself instead of returning a tensor
    saves its own copy of the result; it must still have computed it.
    """

    def __init__(
        self, scoring: Scoring, file: str, function: str, dtype: str, capacity: int, device: str
    ) -> None:
        self._file, self._function = file, function
        size_bytes = capacity * np.dtype(dtype).itemsize
        self._input = SharedMemory(HEADER_BYTES + size_bytes, input_only=True)
        self._output = SharedMemory(size_bytes, input_only=False)
        self._count = np.frombuffer(self._input.map, np.int64, 1)
        self._given = np.frombuffer(self._input.map, dtype, offset=HEADER_BYTES)
        self._taken = np.frombuffer(self._output.map, dtype)
        self._child = self._start(scoring, dtype, device)

    def __enter__(self) -> Self:
        try:
            self._expect(READY, self._child.receive(), f"{self._file} could not be loaded")
            self._child.freeze()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.__exit__(kind, error, trace)
        self._input.close_fd()
        self._output.close_fd()

    def call(self, x: Array) -> Call:
        """Hand over `x` (at least one element), wait for the answer, return copies."""
        self._child.refuse_early_answer()
        self._count[0] = x.size
        self._given[: x.size] = x
        self._taken[:] = self._poison()
        seconds, reply = self._ask(b"g")
        probed_at = np.frombuffer(secrets.token_bytes(8 * PROBES), np.uint64) % x.size
        probes = self._taken[probed_at].copy()
        self._child.freeze()
        self._expect(DONE, reply, f"{self._function} failed with x of size {x.size:,}")
        return Call(seconds, self._taken[: x.size].copy(), probed_at, probes)

    def empty_call_seconds(self) -> float:
        """Time of a call that does nothing: what the machinery adds to every measurement."""
        seconds, reply = self._ask(b"n")
        self._child.freeze()
        self._expect(DONE, reply, "An empty call failed")
        return seconds

    def output(self) -> str:
        """What the solution printed, its last lines, as untrusted text."""
        return self._child.output()

    def _ask(self, command: bytes) -> tuple[float, Reply]:
        self._child.send(command)  # found there when it wakes
        started = time.perf_counter()
        self._child.thaw()
        reply = self._child.receive()
        return reply.at - started, reply

    def _poison(self) -> Array:
        """A value that no solution can know, so that an old answer is no answer."""
        return np.frombuffer(secrets.token_bytes(self._taken.itemsize), self._taken.dtype)

    def _start(self, scoring: Scoring, dtype: str, device: str) -> SolutionChild:
        def launching(control: int) -> Launch:
            fds = (control, self._input.fd, self._output.fd)
            names = ("/solution", self._file, self._function, dtype, device)
            return Launch(
                arguments=["/portal/child/serve_function.py", *names, *map(str, fds)],
                read_only={"/portal/child": CHILD, "/solution": scoring.solution},
                pass_fds=fds,
                environment={"OMP_NUM_THREADS": "1", "NUMBA_CACHE_DIR": "/tmp/numba"},
                memory_bytes=scoring.profile.memory_bytes,
            )

        return SolutionChild(scoring.launch, launching, scoring.profile.scoring_timeout_seconds)

    def _expect(self, wanted: bytes, reply: Reply, what: str) -> None:
        """What the child says of itself is shown to its owner, nothing more."""
        if reply.code == FAULT:
            text = reply.text if reply.text.startswith("\n") else f" {reply.text}"
            raise InvalidSolution(f"{what}:{text}")
        if reply.code != wanted:
            raise InvalidSolution("The solution spoke on the scorer's channel.")
