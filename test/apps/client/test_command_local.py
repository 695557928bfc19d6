"""Local ports: who may ask at one, and what of an answer holds there."""

import asyncio
from typing import Optional

import pytest
from task_router._router.words import CommandError
from task_router._tunnels.forward import Wanted, wanted
from task_router._tunnels.host_watch import HostWatch
from task_router._tunnels.http_message import BadMessage, Head, framing_of, read_head
from task_router._tunnels.local_page import LocalPage

PAGE = LocalPage(8080, "https://tasks.example.com", "/service/abc")


def head(*lines: str, target: str = "/", method: str = "GET") -> Head:
    pairs = [tuple(line.split(": ", 1)) for line in lines]
    return Head((method, target, "HTTP/1.1"), [(pair[0], pair[1]) for pair in pairs])


@pytest.mark.parametrize(
    "lines",
    [
        ["Host: localhost:8080"],
        ["Host: 127.0.0.1:8080", "Origin: http://127.0.0.1:8080", "Sec-Fetch-Site: same-origin"],
        ["Host: localhost:8080", "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"],
        # A link to it: the other page does not read what comes.
        ["Host: localhost:8080", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"],
    ],
)
def test_this_computer_may_ask(lines: list[str]) -> None:
    assert PAGE.refusal(head(*lines)) is None


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Host: evil.example.com:8080"],
        ["Host: evil.example.com"],
        ["Host: localhost"],
        ["Host: localhost:8080.evil.example.com"],
        ["Host: localhost:8080", "Host: evil.example.com"],
        ["Host: localhost:8080", "Origin: https://evil.example.com"],
        ["Host: localhost:8080", "Origin: http://localhost:9090"],
        ["Host: localhost:8080", "Origin: null"],
        ["Host: localhost:8080", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors"],
        ["Host: localhost:8080", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: websocket"],
        ["Host: localhost:8080", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"],
    ],
)
def test_a_page_of_elsewhere_may_not(lines: list[str]) -> None:
    assert PAGE.refusal(head(*lines)) is not None


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/", "/service/abc/"),
        ("/a/b?c=../d", "/service/abc/a/b?c=../d"),
        ("/service/abc/a", "/service/abc/a"),
        ("/service/abcd", "/service/abc/service/abcd"),
        ("/../other", None),
        ("/a/%2e%2e/%2E./other", None),
        ("/a\\..\\b", None),
        ("/a/%5c..%5cb", None),
        ("/service/abc/../other", None),
        ("http://localhost:8080/", None),
        ("*", None),
        ("/a b", None),
        ("/a#b", None),
    ],
)
def test_no_path_leads_out_of_the_endpoint(asked: str, target: Optional[str]) -> None:
    assert PAGE.target(asked) == target


def test_the_app_sees_the_routers_origin_and_no_credential_but_the_token() -> None:
    sent = PAGE.request_headers(
        head(
            "Host: localhost:8080",
            "Origin: http://localhost:8080",
            "Referer: http://localhost:8080/a?b",
            "Sec-Fetch-Site: same-origin",
            "Authorization: Basic eDp5",
            "Cookie: a=1",
            "Connection: keep-alive, X-Hop",
            "X-Hop: 1",
            "Upgrade: h2c",
        ),
        "token",
    )
    assert sent == [
        ("Host", "tasks.example.com"),
        ("Authorization", "Bearer token"),
        ("Origin", "https://tasks.example.com"),
        ("Referer", "https://tasks.example.com/service/abc/a?b"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Cookie", "a=1"),
    ]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "none"])
def test_the_app_learns_where_a_link_was(site: str) -> None:
    sent = PAGE.request_headers(head("Host: localhost:8080", f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: navigate"), "token")
    assert ("Sec-Fetch-Site", "cross-site" if site == "same-site" else site) in sent


@pytest.mark.parametrize(
    ("said", "local"),
    [
        ("Location: /service/abc/x?y", "Location: /x?y"),
        ("Location: https://tasks.example.com/service/abc/x", "Location: /x"),
        ("Location: https://tasks.example.com/service/abc//evil.com", "Location: /evil.com"),
        ("Location: https://elsewhere.example.com/", "Location: https://elsewhere.example.com/"),
        ("Location: x", "Location: x"),
        ("Set-Cookie: a=1; Path=/service/abc/; Secure; HttpOnly", "Set-Cookie: a=1; Path=/; HttpOnly"),
        ("Set-Cookie: a=1; Path=/service/abc/lab; Domain=x", "Set-Cookie: a=1; Path=/lab"),
        ("Strict-Transport-Security: max-age=1", None),
        ('Clear-Site-Data: "*"', None),
        ("Alt-Svc: h3", None),
    ],
)
def test_the_answer_is_of_the_local_port(said: str, local: Optional[str]) -> None:
    answered = [f"{key}: {value}" for key, value in PAGE.answer_headers(head(said))]
    assert answered == ([] if local is None else [local])


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b",
    ],
)
def test_heads_are_read_strictly(raw: bytes) -> None:
    async def read() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(raw)
        reader.feed_eof()
        await read_head(reader)

    with pytest.raises(BadMessage):
        asyncio.run(read())


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 1", "Content-Length: 1"],
        ["Content-Length: 1", "Transfer-Encoding: chunked"],
        ["Content-Length: +1"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    ],
)
def test_no_body_has_two_lengths(lines: list[str]) -> None:
    with pytest.raises(BadMessage):
        framing_of(head(*lines))


@pytest.mark.parametrize(
    ("data", "other"),
    [
        (b"GET / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nhOsT:evil.example.com:6006\r\n\r\n", True),
        (b"POST /x HTTP/1.1\r\nA: b\r\nHost: 10.0.0.1\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: localhost:6006\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: [::1]:6006\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"SSH-2.0-OpenSSH_9.2\r\n", False),
        (b"", False),
    ],
)
def test_a_page_that_leads_its_own_name_here_is_known_by_it(data: bytes, other: bool) -> None:
    assert HostWatch().refuses(data) is other


@pytest.mark.parametrize("cut", [1, 40, 1_000, 65_536])
@pytest.mark.parametrize(
    ("data", "other"),
    [
        (b"x-y / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", True),
        (b"VERSION-CONTROL / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", True),
        (b"M" * 3_000 + b" / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", True),
        (b"GET /" + b"a" * 3_000 + b" HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: localhost.evil.example.com\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: localhost:6006\r\n\r\nGET / HTTP/1.1\r\nHost: a.example.com\r\n\r\n", False),
        (b"POST / HTTP/1.0\r\n\r\nA\r\nHost: evil.example.com\r\n", False),
        (b"PUT /a\nGET / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", False),
        (b"a" * 3_000, False),
        (b"EHLO mail.example.com\r\nHost: evil.example.com\r\n", False),
        (b"\x00\x00\x00\x08\x04\xd2\x16\x2f GET / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", False),
    ],
)
def test_in_whatever_pieces_its_head_comes(data: bytes, other: bool, cut: int) -> None:
    watch = HostWatch()
    assert any([watch.refuses(data[at : at + cut]) for at in range(0, len(data), cut)]) is other


def test_a_head_that_does_not_come_to_its_host_is_not_waited_for_without_end() -> None:
    watch = HostWatch()
    assert not watch.refuses(b"GET /" + b"a" * 60_000)
    assert watch.refuses(b"a" * 10_000)


@pytest.mark.parametrize(
    ("typed", "word", "local"), [("5432", "5432", 5432), ("5432:8080", "5432", 8080), ("board:8080", "board", 8080)]
)
def test_ports_as_typed(typed: str, word: str, local: int) -> None:
    assert wanted(typed) == Wanted(word, local)


@pytest.mark.parametrize("typed", ["", "board", "5432:", "0", "65536", "70000:80", "1:2:x", "-1", "5432:99999"])
def test_what_is_no_port_is_told(typed: str) -> None:
    with pytest.raises(CommandError, match="is no port"):
        wanted(typed)
