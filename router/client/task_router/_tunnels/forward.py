"""`task-router forward`: local ports that lead to ports of a task."""

import asyncio
import os
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Optional

from .._router.endpoints import Endpoint, Kind, fetch, one_task, open_url
from .._router.sign_ins import SignIn
from .._router.words import CommandError, plain, say
from .host_watch import HostWatch
from .http_forward import HttpForward
from .http_message import LONGEST_HEAD
from .tunnel import CHUNK, carry, open_tunnel

# A router that is rolled, or a computer that wakes up, answers again within this.
PATIENCE_SECONDS = 30.0
LOOPBACK = "127.0.0.1"
TASK_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Wanted:
    """`5432`, `5432:8080` or `<name of the endpoint>:8080`."""

    word: str
    local: int


@dataclass(frozen=True)
class Target:
    """Where a local port leads."""

    local: int
    kind: Kind
    url: str
    title: str


def wanted(text: str) -> Wanted:
    """:raises CommandError: `bad-argument`."""
    word, _, local = text.rpartition(":") if ":" in text else (text, "", text)
    if not local.isdecimal() or not 1 <= int(local) <= 65535 or (word.isdecimal() and not 1 <= int(word) <= 65535):
        raise CommandError("bad-argument", f"{plain(text)} is no port, such as 5432, 5432:8080 or <name of an endpoint>:8080.")
    return Wanted(word, int(local))


def pod_targets(sign_in: SignIn, name: str, ports: Sequence[Wanted]) -> list[Target]:
    """Ports of one's own task that nobody asked for."""
    if TASK_ID.fullmatch(name):
        task_id, title = name, name
    else:
        found = one_task(fetch(sign_in.router()), name)[0]
        task_id, title = found.task_id, plain(found.task_name)
    base = "ws" + sign_in.url[len("http") :]
    targets = []
    for port in ports:
        if not port.word.isdecimal():
            raise CommandError("bad-argument", f"--pod takes port numbers, not {plain(port.word)}.")
        url = f"{base}/api/v1/tasks/{task_id}/ports/{port.word}"
        targets.append(Target(port.local, "tcp", url, f"{title}, port {port.word}"))
    return targets


def endpoint_targets(sign_in: SignIn, name: str, ports: Sequence[Wanted]) -> list[Target]:
    """Endpoints of a task, by the task's port or by their names."""
    found = one_task(fetch(sign_in.router()), name)
    return [_target(found, port) for port in ports]


def _target(found: Sequence[Endpoint], port: Wanted) -> Target:
    ways = [(one, kind) for one in found for kind in one.ways]
    by_name = [(one, kind) for one, kind in ways if one.name == port.word]
    by_port = [(one, kind) for one, kind in ways if port.word == str(one.ways[kind].port)]
    # A router that does not say which ports its tasks gave leaves the only endpoint there is.
    only = ways if port.word.isdecimal() and all(one.ways[kind].port is None for one, kind in ways) else []
    chosen = by_name or by_port or only
    if len(chosen) != 1:
        there = "".join(
            f"\n    {plain(one.name or '(no name)')}  {kind}{f', port {at}' if (at := one.ways[kind].port) else ''}"
            for one, kind in ways
        )
        raise CommandError(
            "ambiguous" if chosen else "not-listening",
            f"{plain(found[0].task_name)} has {'several endpoints' if chosen else 'no endpoint'} for {plain(port.word)}; "
            f"name one of these, or take --pod for another port of a task of your own:{there}",
        )
    endpoint, kind = chosen[0]
    title = f"{plain(endpoint.task_name)}{f' / {plain(endpoint.name)}' if endpoint.name else ''}"
    return Target(port.local, kind, open_url(endpoint, kind), title)


async def forward(sign_in: SignIn, targets: Sequence[Target]) -> None:
    """Until it is interrupted. Each connection is a tunnel of its own; a new one is tried where the last one was lost.

    :raises CommandError: `local`, for a port that is taken.
    """
    servers = []
    for target in targets:
        try:
            servers.append(await asyncio.start_server(_serve(sign_in, target), LOOPBACK, target.local, limit=LONGEST_HEAD))
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise CommandError(
                "local", f"Port {target.local} of this computer cannot be had: {why}. Name another: <port>:<local port>"
            ) from error
        place = f"http://localhost:{target.local}/" if target.kind == "http" else f"{LOOPBACK}:{target.local}"
        print(f"{place} -> {target.title} ({target.kind})", flush=True)
    await asyncio.Event().wait()


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


def _serve(sign_in: SignIn, target: Target) -> Serve:
    last: list[Optional[str]] = [None]

    def tell(error: CommandError) -> None:
        # Once, for a browser asks again and again.
        if str(error) != last[0]:
            say(f"{target.title}: {error}")
        last[0] = str(error)

    web = HttpForward(sign_in, target.url, target.local, tell) if target.kind == "http" else None

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if web is not None:
                await web.serve(reader, writer)
            else:
                await _tunnel(sign_in, target, reader, writer)
                last[0] = None
        except CommandError as error:
            tell(error)
            writer.transport.abort()
        except (OSError, asyncio.CancelledError):
            # Cancelled is what is open at Ctrl-C, which asyncio would else tell with a traceback.
            writer.transport.abort()

    return serve


async def _tunnel(sign_in: SignIn, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = await open_tunnel(sign_in, target.url, PATIENCE_SECONDS)
    watch = HostWatch()

    async def read() -> bytes:
        data = await reader.read(CHUNK)
        if watch.refuses(data):
            raise CommandError("refused", "A page of another host asked by its own name, which is not passed on (DNS rebinding).")
        return data

    async def write(data: bytes) -> None:
        if data:
            writer.write(data)
            await writer.drain()
        elif writer.can_write_eof():
            writer.write_eof()

    await carry(connection, read, write)
    writer.close()
