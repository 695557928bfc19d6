"""TCP over WebSocket. Binary messages carry the bytes; an empty one is the end of its direction."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Optional

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from .._router.api import refusal
from .._router.dial import dial, tls, why_unreachable
from .._router.router_url import Place, place_of
from .._router.sign_ins import SignIn
from .._router.words import CommandError, plain, say

PROTOCOL = Subprotocol("tcp.task-traffic-router")
PING_SECONDS = 20.0
SILENT_SECONDS = 90.0
"""The router pings every 30 s, and answers pings: where nothing at all came for so long, the connection is dead."""
OPEN_SECONDS = 30.0
CHUNK = 65_536

Read = Callable[[], Awaitable[bytes]]
"""The next bytes, or none at the end."""
Write = Callable[[bytes], Awaitable[None]]
"""Returns once more can be taken; without bytes it is the end."""


class Connection(ClientConnection):
    """Knows when it last heard of the router."""

    heard = 0.0

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        super().data_received(data)


def place_for(sign_in: SignIn, url: str) -> Place:
    """Where the token of this sign-in may be sent.

    :raises CommandError: `refused`, for an address that is less protected than the router's own.
    """
    place = place_of(url)
    if not place.secure and place_of(sign_in.url).secure:
        raise CommandError("refused", f"The router names an address that is not encrypted: {plain(url)}")
    return place


async def open_tunnel(sign_in: SignIn, url: str, patience: float = 0.0) -> Connection:
    """A tunnel to the task's port.

    :param patience: seconds for which a router that does not answer, or is about to stop, is tried again.
    :raises CommandError: as the router refuses, or cannot be reached.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    pause = 0.25
    told = False
    while True:
        try:
            return await _open(sign_in, url)
        except CommandError as error:
            if error.code != "unreachable" or loop.time() + pause > deadline:
                raise
            if not told:
                say(f"{error} Trying on for {patience:g} s.")
            told = True
        await asyncio.sleep(pause)
        pause = min(pause * 2, 4.0)


async def _open(sign_in: SignIn, url: str) -> Connection:
    place = place_for(sign_in, url)
    headers = sign_in.router().headers()
    agent = headers.pop("User-Agent")
    try:
        sock = await asyncio.get_running_loop().run_in_executor(None, dial, place)
        sock.setblocking(False)
        # With a socket of ours no redirect is followed: the token goes nowhere else.
        opened = await connect(
            url,
            sock=sock,
            ssl=tls(place),
            server_hostname=place.host if place.secure else None,
            subprotocols=[PROTOCOL],
            additional_headers=headers,
            user_agent_header=agent,
            compression=None,
            max_size=None,
            ping_interval=None,
            open_timeout=OPEN_SECONDS,
            create_connection=Connection,
            process_exception=lambda error: error,
        )
    except InvalidStatus as error:
        raise _refused(sign_in.url, error) from error
    except WebSocketException as error:
        raise CommandError("unreachable", f"{sign_in.url} lets no WebSocket through: {plain(error)}") from error
    except (OSError, asyncio.TimeoutError, ValueError, CommandError) as error:
        raise why_unreachable(sign_in.url, error) from error
    assert isinstance(opened, Connection)
    if opened.subprotocol != PROTOCOL:
        await opened.close()
        raise CommandError("not-listening", f"{plain(url)} is no TCP endpoint.")
    return opened


def _refused(url: str, error: InvalidStatus) -> CommandError:
    try:
        data: Any = json.loads(error.response.body or b"{}")
    except ValueError:
        data = {}
    found = refusal(url, error.response.status_code, data if isinstance(data, dict) else {})
    # The one refusal that a moment later is none: another pod answers then.
    stopping = error.response.status_code == 503 and "about to stop" in str(found)
    return CommandError("unreachable", str(found)) if stopping else found


async def carry(connection: Connection, read: Read, write: Write) -> None:
    """Both directions, until both have ended.

    :raises CommandError: `lost`, in words, where it ended in another way. What comes of `read` and `write` is raised as it is.
    """
    state = _State()
    down = asyncio.ensure_future(_down(connection, write, state))
    tasks = [asyncio.ensure_future(_up(connection, read)), asyncio.ensure_future(_watch(connection, state)), down]
    pending = set(tasks)
    try:
        while not down.done():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        down.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Whoever closed by the protocol has said all; an end in between is a reset to the task.
        connection.transport.abort()


class _State:
    writing = False
    """While this computer takes no more: the router is not read, and nothing can be heard of it."""


async def _up(connection: Connection, read: Read) -> None:
    try:
        while data := await read():
            await connection.send(data)
        await connection.send(b"")
    except ConnectionClosed:
        return


async def _down(connection: Connection, write: Write, state: _State) -> None:
    try:
        while True:
            data = await connection.recv()
            state.writing = True
            await write(data if isinstance(data, bytes) else data.encode())
            state.writing = False
    except ConnectionClosed:
        words = end_in_words(connection.close_code, connection.close_reason)
        if words is not None:
            raise CommandError("lost", words) from None


async def _watch(connection: Connection, state: _State) -> None:
    loop = asyncio.get_running_loop()
    connection.heard = loop.time()
    try:
        while True:
            await asyncio.sleep(PING_SECONDS)
            if state.writing:
                connection.heard = loop.time()
            elif loop.time() - connection.heard > SILENT_SECONDS:
                connection.transport.abort()
                return
            await connection.ping()
    except ConnectionClosed:
        return


# The router's words for a right that no longer holds.
_WITHDRAWN = {
    "unknown-endpoint": "the task has ended",
    "not-visible": "the task is no longer open to you",
    "token-expired": "your sign-in has ended; task-router login",
    "token-revoked": "your sign-in was revoked; task-router login",
}


def end_in_words(code: Optional[int], reason: Optional[str]) -> Optional[str]:
    """What the close codes of the router's tunnels mean (RFC 6455, section 7.4.1); None for a good end."""
    said = plain(reason or "")
    if code == 1000:
        return None
    if code == 1001:
        return "The router stops, as when it is updated; connect again."
    if code == 1008:
        why = _WITHDRAWN.get(said, said or "it is not allowed any more")
        return f"The router ended the connection: {why}."
    if code == 1011:
        return "The task broke the connection off."
    if code == 1006:
        return "The connection to the router was lost."
    return f"The connection ended with code {code}{f': {said}' if said else ''}."
