"""A connection to a router, through the proxy that the environment names."""

import base64
import socket
import ssl
from typing import Optional
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from .router_url import Place
from .words import CommandError, plain

CONNECT_SECONDS = 15.0
LONGEST_PROXY_HEAD = 8192


def tls(place: Place) -> Optional[ssl.SSLContext]:
    """Certificates are always verified, against the system's authorities or those of SSL_CERT_FILE. None for plain http."""
    return ssl.create_default_context() if place.secure else None


def dial(place: Place) -> socket.socket:
    """Connected by TCP, through `https_proxy` where that and `no_proxy` say so. TLS is the caller's.

    :raises OSError: where nobody answers.
    :raises CommandError: `unreachable`, where a proxy is in the way.
    """
    proxy = None if place.loopback or not place.secure or proxy_bypass(place.host) else getproxies().get("https")
    if proxy is None:
        return _quick(socket.create_connection((place.host, place.port), CONNECT_SECONDS))
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme != "http" or parts.hostname is None:
        raise CommandError("unreachable", f"The proxy {plain(parts.hostname)} is no http:// proxy, which alone is known here.")
    sock = _quick(socket.create_connection((parts.hostname, parts.port or 80), CONNECT_SECONDS))
    host = f"[{place.host}]" if ":" in place.host else place.host
    head = f"CONNECT {host}:{place.port} HTTP/1.1\r\nHost: {host}:{place.port}\r\n"
    if parts.username is not None:
        account = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        head += f"Proxy-Authorization: Basic {base64.b64encode(account.encode()).decode()}\r\n"
    sock.sendall(f"{head}\r\n".encode("latin-1"))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        answer += byte
        if not byte or len(answer) > LONGEST_PROXY_HEAD:
            break
    line = answer.split(b"\r\n")[0].decode("latin-1")
    if line.split(" ")[1:2] != ["200"]:
        sock.close()
        raise CommandError("unreachable", f"The proxy {parts.hostname} does not let through to {place.host}: {plain(line)}")
    return sock


def _quick(sock: socket.socket) -> socket.socket:
    """Keystrokes do not wait for each other (RFC 896)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def why_unreachable(url: str, error: BaseException) -> CommandError:
    """Why no connection came about, in words."""
    if isinstance(error, CommandError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return CommandError(
            "unreachable",
            f"The certificate of {url} is not to be trusted: {error.verify_message}. "
            "Where an authority of your own signed it, name its file in SSL_CERT_FILE.",
        )
    said = "no answer in time" if isinstance(error, (TimeoutError, socket.timeout)) else plain(error) or type(error).__name__
    return CommandError("unreachable", f"{url} cannot be reached: {said}.")
