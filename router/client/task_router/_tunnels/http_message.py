"""Heads and bodies of HTTP/1.1 (RFC 9112), read strictly: two readers of one message must not differ."""

import asyncio
import re
from dataclasses import dataclass
from typing import Optional, Union

Headers = list[tuple[str, str]]

LONGEST_HEAD = 65_536
CHUNK = 65_536
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[^\x00\r\n]*")

HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade")
)


class BadMessage(Exception):
    """Not HTTP, or ambiguous."""


@dataclass
class Head:
    """A request line or status line as its three parts, and the fields in their order."""

    start: tuple[str, str, str]
    headers: Headers

    def get(self, name: str) -> Optional[str]:
        """All values of that name as one (RFC 9110, section 5.2)."""
        found = [value for key, value in self.headers if key.lower() == name]
        return ", ".join(found) if found else None

    def tokens(self, name: str) -> list[str]:
        return [one.strip().lower() for one in (self.get(name) or "").split(",") if one.strip()]

    def end_to_end(self) -> Headers:
        """Without what holds for this connection alone; how the body is framed stays."""
        dropped = HOP_BY_HOP.union(self.tokens("connection")) - {"transfer-encoding", "content-length"}
        return [(key, value) for key, value in self.headers if key.lower() not in dropped]

    def raw(self) -> bytes:
        lines = [" ".join(self.start), *(f"{key}: {value}" for key, value in self.headers)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def read_head(reader: asyncio.StreamReader) -> Optional[Head]:
    """None where the other side ended before one began.

    :raises BadMessage: for what is none.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise BadMessage("cut short") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise BadMessage("too long") from error
    first, *lines = raw[:-4].lstrip(b"\r\n").decode("latin-1").split("\r\n")
    start = first.split(" ", 2)
    headers: Headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip(" \t")
        if not colon or _TOKEN.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            raise BadMessage("a field that is none")
        headers.append((name, value))
    if len(start) < 2 or any(one in first for one in "\r\n\0\t"):
        raise BadMessage("no start line")
    return Head((start[0], start[1], start[2] if len(start) > 2 else ""), headers)


Framing = Union[int, None, str]
"""Length in bytes, None for until the connection ends, or `chunked`."""


def framing_of(head: Head) -> Framing:
    """:raises BadMessage: where two readers could see two lengths."""
    coding, length = head.tokens("transfer-encoding"), head.get("content-length")
    if coding:
        if coding != ["chunked"] or length is not None:
            raise BadMessage("an ambiguous length")
        return "chunked"
    if length is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", length):
        raise BadMessage("an ambiguous length")
    return int(length)


async def copy_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, framing: Framing) -> None:
    """As it comes, in the framing that it has.

    :raises BadMessage: where it is cut short.
    """
    if framing == "chunked":
        await _copy_chunks(reader, writer)
        return
    left = framing if isinstance(framing, int) else None
    while left is None or left > 0:
        data = await reader.read(CHUNK if left is None else min(CHUNK, left))
        if not data:
            if left is None:
                return
            raise BadMessage("cut short")
        left = None if left is None else left - len(data)
        writer.write(data)
        await writer.drain()


async def _copy_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            line = await reader.readuntil(b"\r\n")
            size = line[:-2].split(b";")[0].strip()
            if re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size) is None:
                raise BadMessage("a chunk that is none")
            left = int(size, 16)
            if left == 0:
                break
            writer.write(b"%x\r\n" % left)
            await copy_body(reader, writer, left)
            if await reader.readexactly(2) != b"\r\n":
                raise BadMessage("a chunk that is none")
            writer.write(b"\r\n")
            await writer.drain()
        # Trailers are dropped.
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise BadMessage("cut short") from error
