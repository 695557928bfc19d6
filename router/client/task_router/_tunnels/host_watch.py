"""Knows pages of other hosts among what is to be carried to a TCP port."""

import re
from typing import Optional

from .._router.router_url import place_of
from .._router.words import CommandError
from .http_message import LONGEST_HEAD

# RFC 9110, section 5.6.2. A page may make its method of any number of these.
_METHOD = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LINE = re.compile(rb" /[!-~]* HTTP/1\.[01]")
_BEGUN = re.compile(rb" (?:/[!-~]*(?: [HTP/1.0]{0,8}\r?)?)?")
_HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*)\r\n", re.IGNORECASE)


class HostWatch:
    """Whether what a client says first is a request of a browser to a host that is not this computer.

    A page can let a name of its own lead to 127.0.0.1, and would then be of the same origin as what is forwarded there. It chooses
    method and path, and by their length where the head is cut. What was decided of the first request holds for the connection, for
    a browser keeps one for each host. Nothing is held back: a server does nothing with a head that did not come to its Host.
    """

    def __init__(self) -> None:
        self._in_method = False
        self._head = b""
        """What stands behind the method."""
        self._decided = False

    def refuses(self, data: bytes) -> bool:
        """To be asked of each piece before it is passed on."""
        if self._decided:
            return False
        if not self._head:
            rest = data.lstrip(_METHOD)
            self._in_method = self._in_method or len(rest) < len(data)
            self._decided = not self._in_method and rest != b""
            if self._decided or not rest:
                return False
            data = rest
        self._head += data
        other = _names_another(self._head)
        self._decided = other is not None
        return other is True


def _names_another(head: bytes) -> Optional[bool]:
    """None where more has to come before it is known."""
    line, ended, _ = head.partition(b"\r\n")
    if (_LINE if ended else _BEGUN).fullmatch(line) is None:
        return False
    fields, over, _ = head.partition(b"\r\n\r\n")
    host = _HOST.search(fields + b"\r\n" if over else head)
    if host is None:
        return False if over else True if len(head) > LONGEST_HEAD else None
    try:
        return not place_of(f"http://{host[1].decode('latin-1').strip()}/").loopback
    except CommandError:
        return True
