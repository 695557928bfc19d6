"""A tunnel over standard input and output: what ssh runs as its ProxyCommand."""

import asyncio
import os
import socket
import sys
import threading

from .._router.sign_ins import SignIn
from .._router.words import CommandError
from .tunnel import CHUNK, carry, open_tunnel

# ssh does not wait: a rolled router answers again within seconds.
PATIENCE_SECONDS = 10.0


async def tunnel_stdio(sign_in: SignIn, url: str) -> None:
    """:raises CommandError: in words, for ssh shows them."""
    connection = await open_tunnel(sign_in, url, PATIENCE_SECONDS)
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes] = asyncio.Queue(1)

    def read_on() -> None:
        # A thread, for no event loop reads every kind of standard input on every system.
        while True:
            try:
                data = os.read(0, CHUNK)
            except OSError:
                data = b""
            try:
                asyncio.run_coroutine_threadsafe(chunks.put(data), loop).result()
            except (RuntimeError, asyncio.CancelledError):
                return
            if not data:
                return

    threading.Thread(target=read_on, daemon=True).start()

    async def write(data: bytes) -> None:
        await loop.run_in_executor(None, _write if data else _end, data)

    try:
        await carry(connection, chunks.get, write)
    except BrokenPipeError:
        # ssh has left.
        raise CommandError("lost", "The program at this end has left.") from None


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(1, rest) :]


def _end(_: bytes) -> None:
    """ssh gives one socket for both directions, or two pipes."""
    sys.stdout.flush()
    try:
        with socket.socket(fileno=os.dup(1)) as both:
            both.shutdown(socket.SHUT_WR)
    except OSError:
        # Descriptor 1 stays taken, or the next file opened would become it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
