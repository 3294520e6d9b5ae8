"""A sandboxed child as the scorer sees it: one-byte commands, one clock, clear ends.

Parent and child talk over a socket pair of datagrams. A reply is one byte and, with a fault,
some text of the child's; the text is cleaned, shortened and never interpreted.
"""

from __future__ import annotations

import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from environments.launching import Launch, Launcher
from environments.outcomes import InvalidSolution

READY, DONE, FAULT = b"r", b"d", b"x"
REPLY_BYTES = 4096
LINES_SHOWN = 12
EXPLAINED = {
    "SIGSEGV": ": it read or wrote memory that is not its own, or wrote into its read-only input",
    "SIGBUS": ": it read or wrote memory that is not there",
    "SIGILL": ": it was compiled for another processor",
}
LOOK_SECONDS = 0.25  # between two looks at whether the child still lives


@dataclass(frozen=True)
class Reply:
    """What the child said, and when by our clock (`time.perf_counter`)."""

    code: bytes
    text: str
    at: float


@dataclass
class Limit:
    """Seconds the child may take in all; only time it is waited for counts."""

    seconds: float
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.seconds


class SolutionChild:
    """A started launch with its control channel. Use as a context: leaving kills everything.

    `launching` gets the number of the child's end of the channel and says what to start.
    Does not hide time from the child: what it does between a reply and the next freeze is
    its own; callers look at the answer before that (see `function_process`).
    """

    def __init__(self, launch: Launcher, launching: Callable[[int], Launch], seconds: float):
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._limit = Limit(seconds)
        with theirs:
            self._wanted = launching(theirs.fileno())
            self._process = launch(self._wanted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._ours.close()

    def freeze(self) -> None:
        """Stop every process inside, until `thaw`."""
        self._process.freeze()

    def thaw(self) -> None:
        self._process.thaw()

    def send(self, command: bytes) -> None:
        """Raises `InvalidSolution` if the child is gone."""
        try:
            self._ours.send(command)
        except (BrokenPipeError, ConnectionResetError):
            raise self._ended() from None

    def refuse_early_answer(self) -> None:
        """Raises `InvalidSolution` for anything said since the last reply, or an end."""
        if not self._readable(0):
            return
        if self._ours.recv(REPLY_BYTES):
            raise InvalidSolution("The solution answered before it was asked.")
        raise self._ended()

    def receive(self) -> Reply:
        """The next reply. Raises `InvalidSolution` at the limit and when the child ends."""
        started = time.monotonic()
        while not self._readable(min(LOOK_SECONDS, max(0.0, self._limit.left))):
            self._charge(started)
            started = time.monotonic()
            if self._process.wait(0) is not None and not self._readable(0):
                raise self._ended()
        at = time.perf_counter()
        message = self._receive_now()
        self._limit.left -= time.monotonic() - started
        return Reply(message[:1], cleaned(message[1:]), at)

    def output(self) -> str:
        """What the solution printed, its last lines, as untrusted text."""
        return last_lines(self._process.output(), 40)

    def wait(self) -> int:
        """Wait within the limit for the end of the child; its exit code."""
        started = time.monotonic()
        code = self._process.wait(max(0.0, self._limit.left))
        if code is None:
            self._charge(started)
            raise self._too_slow()
        return code

    def fault(self, code: int | None) -> InvalidSolution:
        """The sentence for a child that ended by itself with `code`."""
        if self._process.out_of_memory() or _signal(code) == signal.SIGKILL:
            gibibytes = self._wanted.memory_bytes / (1 << 30)
            why = f"was killed, probably for using more than {gibibytes:.1f} GiB of memory"
        elif _signal(code):
            name = signal.Signals(_signal(code)).name
            why = f"was ended by {name}{EXPLAINED.get(name, '')}"
        elif code is None:
            why = "closed its connection to the scorer"
        else:
            why = f"ended with exit code {code} before it answered"
        return InvalidSolution(_with_output(f"The solution {why}.", self.output()))

    def _ended(self) -> InvalidSolution:
        return self.fault(self._process.wait(2))

    def _receive_now(self) -> bytes:
        try:
            message = self._ours.recv(REPLY_BYTES)
        except ConnectionResetError:
            message = b""
        if not message:
            raise self._ended()
        return message

    def _charge(self, started: float) -> None:
        self._limit.left -= time.monotonic() - started
        if self._limit.left <= 0:
            raise self._too_slow()

    def _too_slow(self) -> InvalidSolution:
        seconds = self._limit.seconds
        return InvalidSolution(
            f"The solution took longer than the limit of {seconds:g} seconds for one scoring."
        )

    def _readable(self, seconds: float) -> bool:
        return bool(select.select([self._ours], [], [], seconds)[0])


def cleaned(raw: bytes | str) -> str:
    """Untrusted text without control characters, so that it can be shown and stored."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def last_lines(text: str, count: int = LINES_SHOWN) -> str:
    """The end of a text: at most `count` lines of at most 200 characters."""
    lines = [line[:200] for line in text.rstrip().splitlines()]
    return "\n".join(lines[-count:])


def _signal(code: int | None) -> int:
    """The signal behind an exit code, as Popen (-9) or as a shell (137) tells it; else 0."""
    if code is None:
        return 0
    number = -code if code < 0 else code - 128
    return number if number in signal.valid_signals() else 0


def _with_output(sentence: str, output: str) -> str:
    return f"{sentence} Its last output:\n{last_lines(output)}" if output.strip() else sentence
