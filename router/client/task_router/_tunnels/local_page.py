"""An endpoint at the root of a local port: who may ask there, and how its paths, cookies and origins read on each side."""

import re
from dataclasses import dataclass
from typing import Optional
from urllib.parse import unquote, urlsplit

from .http_message import Head, Headers


@dataclass(frozen=True)
class LocalPage:
    """`http://localhost:<port>/` for `origin` + `prefix`, which ends in no slash."""

    port: int
    origin: str
    prefix: str

    def refusal(self, head: Head) -> Optional[str]:
        """Why a request is not passed on, or None.

        What is passed on acts in the user's name. A page that the user reads elsewhere must not, neither by a name of its own that
        it lets lead to 127.0.0.1 (DNS rebinding), nor by a request across sites. `same-site` is elsewhere: another port of
        this computer is the same site.
        """
        hosts = [value for key, value in head.headers if key.lower() == "host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._own_hosts():
            return "This port answers as localhost alone."
        origin, site = head.get("origin"), head.get("sec-fetch-site")
        opens = head.start[0] == "GET" and head.get("sec-fetch-mode") == "navigate" and head.get("sec-fetch-dest") == "document"
        if site not in (None, "same-origin", "none") and not opens:
            return "A page of another site may not ask here."
        if origin is not None and origin.lower() not in {f"http://{host}" for host in self._own_hosts()}:
            return "A page of another site may not ask here."
        return None

    def _own_hosts(self) -> set[str]:
        port = "" if self.port == 80 else f":{self.port}"
        return {f"localhost{port}", f"127.0.0.1{port}"}

    def target(self, asked: str) -> Optional[str]:
        """The request-target at the router; None for one that could lead out of the endpoint, where the token would open others."""
        path = asked.split("?")[0]
        if not asked.startswith("/") or "#" in asked or any(not "!" <= one <= "~" for one in asked):
            return None
        if any(part in (".", "..") for part in re.split(r"[/\\]", unquote(path))):
            return None
        # An app that knows its prefix makes links with it.
        return asked if path == self.prefix or path.startswith(f"{self.prefix}/") else f"{self.prefix}{asked}"

    def request_headers(self, head: Head, token: str) -> Headers:
        """The app sees the router's own origin. Of the browser's credentials the app's cookies alone go along."""
        changed: Headers = [("Host", urlsplit(self.origin).netloc), ("Authorization", f"Bearer {token}")]
        for key, value in head.end_to_end():
            name = key.lower()
            if name == "origin":
                changed.append((key, self.origin))
            elif name == "referer":
                parts = urlsplit(value)
                path = self.target(parts.path or "/")
                if path is not None and parts.netloc.lower() in self._own_hosts():
                    changed.append((key, f"{self.origin}{path}{f'?{parts.query}' if parts.query else ''}"))
            elif name == "sec-fetch-site":
                # As the browser said it, since apps go by that. Another port of this computer is not of the router's site.
                changed.append((key, "cross-site" if value == "same-site" else value))
            elif name not in ("host", "authorization", "expect"):
                changed.append((key, value))
        return changed

    def answer_headers(self, head: Head) -> Headers:
        """Back from the router: without its prefix, and without what would hold for all of localhost."""
        changed: Headers = []
        for key, value in head.end_to_end():
            name = key.lower()
            if name in ("location", "content-location"):
                changed.append((key, self._local(value)))
            elif name == "set-cookie":
                changed.append((key, self._cookie(value)))
            elif name not in ("strict-transport-security", "alt-svc", "clear-site-data"):
                changed.append((key, value))
        return changed

    def _local(self, location: str) -> str:
        path = location[len(self.origin) :] if location.startswith(f"{self.origin}/") else location
        if path == self.prefix or path.startswith((f"{self.prefix}/", f"{self.prefix}?")):
            rest = path[len(self.prefix) :]
            # Two slashes would name a host.
            return f"/{rest.lstrip('/')}"
        return location

    def _cookie(self, value: str) -> str:
        kept = []
        for part in value.split(";"):
            name, _, said = part.strip().partition("=")
            if name.lower() == "path":
                kept.append(f" Path={self._local(said)}")
            elif name.lower() not in ("domain", "secure") or "samesite=none" in value.lower().replace(" ", ""):
                kept.append(part)
        return ";".join(kept)
