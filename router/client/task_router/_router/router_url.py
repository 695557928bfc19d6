"""How a router is named."""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from .words import CommandError, plain

# A name, or an IPv6 address without its brackets.
_HOST = re.compile(r"[0-9a-z](?:[0-9a-z.-]*[0-9a-z])?\.?|[0-9a-f:.]+")


class Place(NamedTuple):
    """Where a URL leads."""

    secure: bool
    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether nobody but this computer reads what is sent there."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")


def place_of(url: str) -> Place:
    """Of an http, https, ws or wss URL.

    :raises CommandError: `bad-argument`.
    """
    # Not shown where it may hold a password.
    wrong = CommandError(
        "bad-argument", f"{plain(url.rpartition('@')[2])} is no URL of a router, such as https://tasks.example.com."
    )
    try:
        parts = urlsplit(url)
        secure = {"https": True, "wss": True, "http": False, "ws": False}[parts.scheme]
        host = (parts.hostname or "").encode("idna").decode() if not url.isascii() else parts.hostname or ""
        port = parts.port or (443 if secure else 80)
    except (KeyError, ValueError) as error:
        raise wrong from error
    if parts.username is not None or _HOST.fullmatch(host) is None:
        raise wrong
    return Place(secure, host, port)


def router_url(text: str, insecure_http: bool) -> str:
    """The one spelling of a router's URL: scheme, host, and a port that is not the scheme's own.

    :param insecure_http: lets tokens go over plain http to other computers, where all that carry them can read them.
    :raises CommandError: `bad-argument`.
    """
    url = text if "://" in text else f"https://{text}"
    place = place_of(url)
    parts = urlsplit(url)
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.scheme not in ("http", "https"):
        raise CommandError("bad-argument", f"A router is named by scheme and host, such as https://{place.host}, without a path.")
    if not place.secure and not place.loopback and not insecure_http:
        raise CommandError(
            "bad-argument",
            f"{plain(url)} is not encrypted: whoever carries the connection could read your sign-in. "
            "Use https://, or --insecure-http where that is known and accepted.",
        )
    host = f"[{place.host}]" if ":" in place.host else place.host
    port = "" if place.port == (443 if place.secure else 80) else f":{place.port}"
    return f"{'https' if place.secure else 'http'}://{host}{port}"
