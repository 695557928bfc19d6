"""Tunnels, before a stand-in that speaks WebSocket as the router does."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Optional

import pytest
from task_router._router.sign_ins import SignIn
from task_router._router.words import CommandError
from task_router._tunnels import tunnel
from task_router._tunnels.forward import Target, forward
from task_router._tunnels.tunnel import PROTOCOL, carry, end_in_words, open_tunnel
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from stand_in import TOKEN

Serve = Callable[[ServerConnection], Awaitable[None]]


def port_of(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


def signed_in(port: int) -> SignIn:
    return SignIn(f"http://127.0.0.1:{port}", "Alice", time.time() + 1e6, TOKEN)


class Local:
    """What stands at the near end of a tunnel."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = list(chunks)
        self.got = b""
        self.ended = False

    async def read(self) -> bytes:
        if self.chunks:
            return self.chunks.pop(0)
        return await asyncio.Event().wait() and b""

    async def write(self, data: bytes) -> None:
        self.got += data
        self.ended = self.ended or not data


async def carried(far: Serve, local: Local) -> None:
    async with serve(far, "127.0.0.1", 0, subprotocols=[PROTOCOL], max_size=None) as server:
        port = port_of(server)
        await carry(await open_tunnel(signed_in(port), f"ws://127.0.0.1:{port}/service/x/"), local.read, local.write)


def test_bytes_go_both_ways_and_each_has_its_end() -> None:
    async def far(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert socket.request.headers["User-Agent"].startswith("task-router/")
        got = []
        while data := await socket.recv():
            got.append(data)
        # After this end of the client's there is still the other direction.
        await socket.send(b"".join(one for one in got if isinstance(one, bytes)))
        await socket.send(b"")
        await socket.close(1000)

    local = Local(b"one ", b"two", b"")
    asyncio.run(carried(far, local))
    assert (local.got, local.ended) == (b"one two", True)


def test_neither_direction_waits_for_the_other() -> None:
    """A task that writes before it reads on, and a client that does: with one of them blocked both would be for ever."""
    size = 16 << 20

    async def far(socket: ServerConnection) -> None:
        for _ in range(size // 65_536):
            await socket.send(b"x" * 65_536)
        got = 0
        while data := await socket.recv():
            got += len(data)
        assert got == size
        await socket.close(1000)

    local = Local(*[b"y" * 65_536] * (size // 65_536), b"")
    asyncio.run(asyncio.wait_for(carried(far, local), 120))
    assert len(local.got) == size


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (1001, "router stops", "The router stops, as when it is updated; connect again."),
        (1008, "the task has ended", "The router ended the connection: the task has ended."),
        (1008, "unknown-endpoint", "The router ended the connection: the task has ended."),
        (1011, "reset by task", "The task broke the connection off."),
        (4000, "x\x1b", "The connection ended with code 4000: x?."),
    ],
)
def test_an_end_that_is_none_of_the_tasks_is_told_in_words(code: int, reason: str, words: str) -> None:
    async def far(socket: ServerConnection) -> None:
        await socket.send(b"some")
        await socket.close(code, reason)

    local = Local()
    with pytest.raises(CommandError) as raised:
        asyncio.run(carried(far, local))
    assert (raised.value.code, str(raised.value), local.got) == ("lost", words, b"some")


def test_a_connection_that_breaks_is_told() -> None:
    async def far(socket: ServerConnection) -> None:
        socket.transport.abort()

    with pytest.raises(CommandError, match="The connection to the router was lost"):
        asyncio.run(carried(far, Local()))
    assert end_in_words(1000, "") is None


def test_a_router_that_is_silent_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "PING_SECONDS", 0.05)
    monkeypatch.setattr(tunnel, "SILENT_SECONDS", 1.0)

    async def hangs(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await socket.wait_closed()

    with pytest.raises(CommandError, match="was lost"):
        asyncio.run(carried(hangs, Local()))


def test_a_router_is_asked_for_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel, "PING_SECONDS", 0.05)

    async def pinged() -> None:
        async with serve(lambda socket: socket.wait_closed(), "127.0.0.1", 0, subprotocols=[PROTOCOL]) as server:
            port = port_of(server)
            connection = await open_tunnel(signed_in(port), f"ws://127.0.0.1:{port}/")
            local = Local()
            running = asyncio.ensure_future(carry(connection, local.read, local.write))
            await asyncio.sleep(0)
            first = connection.heard
            # Nothing but answers to pings comes from there.
            while connection.heard == first:
                await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(asyncio.wait_for(pinged(), 120))


def refusing(status: int, body: bytes) -> Callable[[ServerConnection, Request], Optional[Response]]:
    def refuse(connection: ServerConnection, request: Request) -> Optional[Response]:
        response = connection.respond(status, body.decode())
        if 300 <= status < 400:
            response.headers["Location"] = "http://127.0.0.1:1/elsewhere"
        return response

    return refuse


@pytest.mark.parametrize(
    ("status", "body", "code", "words"),
    [
        (401, b"{}", "not-signed-in", "task-router login"),
        (404, b'{"detail": "The task has ended, or you may no longer reach it."}', "no-such-task", "has ended"),
        (503, b'{"detail": "Nothing listens at the TCP port that the task gave."}', "not-listening", "Nothing listens"),
        (503, b'{"detail": "The router is about to stop. Try again."}', "unreachable", "about to stop"),
        (502, b"<html>Bad gateway", "unreachable", "status 502"),
        (302, b"", "unreachable", "lets no WebSocket through"),
    ],
)
def test_a_refusal_is_told_in_the_routers_words(status: int, body: bytes, code: str, words: str) -> None:
    async def ask() -> None:
        async with serve(lambda socket: socket.close(), "127.0.0.1", 0, process_request=refusing(status, body)) as server:
            port = port_of(server)
            await open_tunnel(signed_in(port), f"ws://127.0.0.1:{port}/")

    with pytest.raises(CommandError, match=words) as raised:
        asyncio.run(ask())
    assert raised.value.code == code


def test_the_token_does_not_go_where_nothing_is_encrypted() -> None:
    there = SignIn("https://tasks.example.com", "Alice", time.time() + 1e6, TOKEN)
    with pytest.raises(CommandError, match="not encrypted"):
        asyncio.run(open_tunnel(there, "ws://tasks.example.com/service/x/"))


def test_a_forward_outlives_the_router_and_reaches_the_next_one(capsys: pytest.CaptureFixture[str]) -> None:
    async def far(socket: ServerConnection) -> None:
        await socket.send(b"hello")
        await socket.send(b"")
        await socket.wait_closed()

    async def one(local: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", local)
        data = await reader.read()
        writer.close()
        return data

    async def both() -> None:
        with socket.create_server(("127.0.0.1", 0)) as free, socket.create_server(("127.0.0.1", 0)) as other:
            local, port = free.getsockname()[1], other.getsockname()[1]
        target = Target(local, "tcp", f"ws://127.0.0.1:{port}/", "task")
        running = asyncio.ensure_future(forward(signed_in(port), [target]))
        async with serve(far, "127.0.0.1", port, subprotocols=[PROTOCOL]):
            while not running.done():
                try:
                    assert await one(local) == b"hello"
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
        # The router is away: what comes now waits until the next one is there.
        waiting = asyncio.ensure_future(one(local))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        async with serve(far, "127.0.0.1", port, subprotocols=[PROTOCOL]):
            assert await waiting == b"hello"
        running.cancel()

    asyncio.run(asyncio.wait_for(both(), 120))
    assert "Trying on for 30 s." in capsys.readouterr().err
