"""A local port at whose root an HTTP endpoint is, its WebSockets too."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Optional
from urllib.parse import urlsplit

from .._router.dial import dial, tls, why_unreachable
from .._router.sign_ins import SignIn
from .._router.words import CommandError
from .http_message import LONGEST_HEAD, BadMessage, Head, copy_body, framing_of, read_head
from .local_page import LocalPage
from .tunnel import CHUNK, place_for

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class HttpForward:
    """Carries the requests of one local port; each local connection has one of its own to the router."""

    def __init__(self, sign_in: SignIn, url: str, port: int, on_failure: Callable[[CommandError], None]) -> None:
        parts = urlsplit(url)
        self._sign_in = sign_in
        self._place = place_for(sign_in, url)
        self._page = LocalPage(port, f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"))
        self._on_failure = on_failure

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a browser or program, to its end."""
        upstream: Optional[Streams] = None
        try:
            while (head := await read_head(reader)) is not None:
                refused = self._page.refusal(head)
                target = self._page.target(head.start[1])
                if refused is not None or target is None:
                    await _tell(writer, "403 Forbidden" if refused else "400 Bad Request", refused or "No path of this endpoint.")
                    return
                if upstream is None or upstream[0].at_eof() or head.start[0] not in ("GET", "HEAD"):
                    # What may not be repeated goes over a connection that nobody is about to close.
                    _close(upstream)
                    upstream = await self._dial()
                if not await self._exchange((reader, writer), upstream, head, target):
                    return
        except BadMessage as error:
            with suppress(OSError):
                await _tell(writer, "400 Bad Request", f"Not HTTP as it should be: {error}.")
        except CommandError as error:
            self._on_failure(error)
            with suppress(OSError):
                await _tell(writer, "502 Bad Gateway", str(error))
        except OSError:
            return
        finally:
            _close(upstream)
            writer.close()

    async def _dial(self) -> Streams:
        place = self._place
        try:
            sock = await asyncio.get_running_loop().run_in_executor(None, dial, place)
            name = place.host if place.secure else None
            return await asyncio.open_connection(sock=sock, ssl=tls(place), server_hostname=name, limit=LONGEST_HEAD)
        except (OSError, CommandError) as error:
            raise why_unreachable(self._sign_in.url, error) from error

    async def _exchange(self, local: Streams, upstream: Streams, head: Head, target: str) -> bool:
        """One request and its answer. Whether both connections can carry another."""
        framing = framing_of(head)
        headers = self._page.request_headers(head, self._sign_in.token)
        upgrade = "upgrade" in head.tokens("connection") and head.tokens("upgrade") == ["websocket"]
        if upgrade:
            headers += [("Connection", "Upgrade"), ("Upgrade", "websocket")]
        if "100-continue" in head.tokens("expect"):
            local[1].write(b"HTTP/1.1 100 Continue\r\n\r\n")
        upstream[1].write(Head((head.start[0], target, "HTTP/1.1"), headers).raw())
        sending = asyncio.ensure_future(copy_body(local[0], upstream[1], framing) if framing is not None else upstream[1].drain())
        try:
            answer = await self._answer(upstream)
            status = answer.start[1]
            if status == "101" and upgrade:
                await sending
                await _both_ways(local, upstream, self._page, answer)
                return False
            bare = head.start[0] == "HEAD" or status in ("204", "304")
            length = 0 if bare else framing_of(answer)
            last = length is None or "close" in answer.tokens("connection") + head.tokens("connection")
            reply = Head(answer.start, self._page.answer_headers(answer))
            if last:
                reply.headers.append(("Connection", "close"))
            local[1].write(reply.raw())
            await copy_body(upstream[0], local[1], length)
            await local[1].drain()
            return not last and sending.done()
        except BadMessage as error:
            # Something of the answer may be out: an end that is none of HTTP's is the only word left.
            local[1].transport.abort()
            raise OSError(str(error)) from error
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _answer(self, upstream: Streams) -> Head:
        while True:
            answer = await read_head(upstream[0])
            if answer is None or not answer.start[1].isdecimal():
                raise CommandError("unreachable", f"{self._sign_in.url} closed the connection without an answer.")
            if answer.start[1] == "101" or not answer.start[1].startswith("1"):
                return answer


async def _both_ways(local: Streams, upstream: Streams, page: LocalPage, answer: Head) -> None:
    headers = [*page.answer_headers(answer), ("Connection", "Upgrade"), ("Upgrade", "websocket")]
    local[1].write(Head(answer.start, headers).raw())

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()

    await _until_one_ends(copy(local[0], upstream[1]), copy(upstream[0], local[1]))


async def _until_one_ends(*ways: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(writer: asyncio.StreamWriter, status: str, words: str) -> None:
    body = f"{words}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    await writer.drain()


def _close(streams: Optional[Streams]) -> None:
    if streams is not None:
        streams[1].close()
