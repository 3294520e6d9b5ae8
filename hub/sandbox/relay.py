"""The only way in and out of a notebook server's network: a few relayed loopback ports.

Run as `python -m hub.sandbox.relay`. A helper process enters the sandbox's network namespace and
only makes sockets there (a socket stays in the namespace it was made in); the relay itself stays
outside. There is no file and no process inside that the expert could aim elsewhere.
It does not judge what is said over the relayed ports: those services authenticate by themselves.
While the sandbox is frozen the relay answers in its place, so that nobody waits for a silence: a
person reads where to resume, and a restarted Hub does not take the server for dead.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import sys
from collections.abc import Callable

from hub.sandbox.process import Identity, SandboxedProcess

CLONE_NEWNET, CLONE_NEWUSER, NS_GET_USERNS = 0x40000000, 0x10000000, 0xB701
PR_SET_PDEATHSIG = 1
CHUNK_BYTES = 1 << 16
FROZEN_PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Paused</title>
<body style="font-family: sans-serif; margin: 4rem; color-scheme: light dark">
<h1>Paused</h1><p>The clock stands and everything in this notebook server stands still. Your files
and running programs are kept.</p><p><a href="/services/portal/">Resume on the portal's page</a>
</p></body></html>
"""
FROZEN_ANSWER = (
    b"HTTP/1.1 423 Locked\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(FROZEN_PAGE), FROZEN_PAGE)
)
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandbox", type=json.loads, required=True, help="its state, JSON")
    parser.add_argument("--port", type=int, required=True, help="host port, 0 for any")
    parser.add_argument("--inside", type=int, required=True, help="port of the server inside")
    parser.add_argument("--out", type=int, action="append", default=[], help="host port to offer")
    options = parser.parse_args()
    sandbox = SandboxedProcess.from_state(options.sandbox)
    maker = SocketMaker(sandbox.inner)
    asyncio.run(serve(sandbox, maker, options.port, options.inside, options.out))


async def serve(
    sandbox: SandboxedProcess, maker: SocketMaker, port: int, inside: int, outward: list[int]
) -> None:
    """Relays until the sandbox ended. Prints the host port once it listens."""
    entrance = socket.create_server(("127.0.0.1", port), backlog=128)
    print(entrance.getsockname()[1], flush=True)
    tasks = [asyncio.create_task(_accept(entrance, maker.connecting, inside, sandbox.frozen))]
    for number in outward:
        listening = maker.listening(number)
        tasks.append(asyncio.create_task(_accept(listening, _plain_socket, number)))
    while sandbox.alive() and not any(task.done() for task in tasks):
        await asyncio.sleep(0.5)


class SocketMaker:
    """Sockets of the sandbox's network namespace, made by a helper process inside it."""

    def __init__(self, inner: Identity) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            self._ours.close()
            _help(inner, theirs)
            os._exit(0)
        theirs.close()

    def connecting(self) -> socket.socket:
        """A new TCP socket, not yet connected."""
        return self._ask(b"0")

    def listening(self, port: int) -> socket.socket:
        """A socket that listens on the sandbox's own loopback."""
        return self._ask(str(port).encode())

    def _ask(self, word: bytes) -> socket.socket:
        self._ours.send(word)
        _, descriptors, _, _ = socket.recv_fds(self._ours, 16, 1)
        if not descriptors:
            raise ConnectionError("the helper in the sandbox's network has ended")
        return socket.socket(fileno=descriptors[0])


def _help(inner: Identity, channel: socket.socket) -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _enter_network(inner)
    while word := channel.recv(16):
        port = int(word)
        made = socket.create_server(("127.0.0.1", port)) if port else _plain_socket()
        socket.send_fds(channel, [b"s"], [made.fileno()])
        made.close()


def _enter_network(inner: Identity) -> None:
    """As a user, first enter the user namespace that owns the network; as root, no need."""
    network = os.open(f"/proc/{inner.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    if not inner.alive():
        sys.exit("the sandbox has ended")
    if os.geteuid() != 0:
        owner = fcntl.ioctl(network, NS_GET_USERNS)
        _setns(owner, CLONE_NEWUSER)
    _setns(network, CLONE_NEWNET)


def _setns(descriptor: int, kind: int) -> None:
    if _libc.setns(descriptor, kind) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot enter the sandbox's namespace: {os.strerror(number)}")


def _plain_socket() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


async def _accept(
    listening: socket.socket,
    make: Callable[[], socket.socket],
    port: int,
    frozen: Callable[[], bool] = lambda: False,
) -> None:
    loop = asyncio.get_running_loop()
    listening.setblocking(False)
    connections: set[asyncio.Task[None]] = set()
    while True:
        incoming, _ = await loop.sock_accept(listening)
        answer = _say_frozen(incoming) if frozen() else _connect(incoming, make, port)
        task = asyncio.create_task(answer)
        connections.add(task)
        task.add_done_callback(connections.discard)


async def _say_frozen(incoming: socket.socket) -> None:
    """One answer below 500, which the Hub takes for a living server."""
    loop = asyncio.get_running_loop()
    with incoming, contextlib.suppress(OSError, TimeoutError):
        incoming.setblocking(False)
        await asyncio.wait_for(loop.sock_recv(incoming, CHUNK_BYTES), 10)
        await loop.sock_sendall(incoming, FROZEN_ANSWER)
        incoming.shutdown(socket.SHUT_WR)
        await asyncio.wait_for(loop.sock_recv(incoming, CHUNK_BYTES), 2)


async def _connect(incoming: socket.socket, make: Callable[[], socket.socket], port: int) -> None:
    outgoing = make()
    with incoming, outgoing:
        for end in (incoming, outgoing):
            end.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(outgoing, ("127.0.0.1", port))
            for end in (incoming, outgoing):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.gather(_pump(incoming, outgoing), _pump(outgoing, incoming))
        except OSError:
            return  # either end hung up; closing both tells the other


async def _pump(source: socket.socket, target: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while chunk := await loop.sock_recv(source, CHUNK_BYTES):
        await loop.sock_sendall(target, chunk)
    target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
