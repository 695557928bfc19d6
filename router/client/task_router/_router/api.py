"""The router's API."""

import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional
from urllib.parse import urlencode

from .dial import dial, tls, why_unreachable
from .router_url import place_of
from .words import CommandError, own_version, plain

ANSWER_SECONDS = 60.0
LONGEST_ANSWER = 64 << 20


class Answer(NamedTuple):
    """What the router said; `data` is empty where it was no JSON object."""

    status: int
    data: Mapping[str, Any]
    retry_after: Optional[str]


class Router:
    """A router, asked with the sign-in of this computer, or without."""

    def __init__(self, url: str, token: Optional[str] = None) -> None:
        self.url = url
        self._token = token

    def headers(self) -> dict[str, str]:
        """Of every request to the router, tunnels included."""
        said = {"User-Agent": f"task-router/{own_version()}", "Accept": "application/json"}
        return said if self._token is None else {**said, "Authorization": f"Bearer {self._token}"}

    def ask(
        self,
        method: str,
        path: str,
        form: Optional[Mapping[str, str]] = None,
        body: Optional[Mapping[str, Any]] = None,
    ) -> Answer:
        """One request, whatever the router answers.

        :raises CommandError: `unreachable`, or `refused` where no router answers there.
        """
        place = place_of(self.url)
        headers = self.headers()
        text = None
        if form is not None:
            text, headers["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        elif body is not None:
            text, headers["Content-Type"] = json.dumps(body), "application/json"
        connection = http.client.HTTPConnection(place.host, place.port)
        connection.default_port = 443 if place.secure else 80
        try:
            sock = dial(place)
            context = tls(place)
            connection.sock = sock if context is None else context.wrap_socket(sock, server_hostname=place.host)
            connection.sock.settimeout(ANSWER_SECONDS)
            connection.request(method, path, text, headers)
            response = connection.getresponse()
            read = response.read(LONGEST_ANSWER)
        except (OSError, http.client.HTTPException, socket.timeout) as error:
            raise why_unreachable(self.url, error) from error
        finally:
            connection.close()
        try:
            data = json.loads(read) if read else {}
        except ValueError:
            data = None
        if not isinstance(data, dict):
            if response.status < 400:
                raise CommandError("refused", f"What answers at {self.url} is no task-traffic-router of this kind.")
            data = {}
        return Answer(response.status, data, response.headers.get("Retry-After"))

    def get(self, path: str) -> Mapping[str, Any]:
        """:raises CommandError: where the answer is no success, too."""
        answer = self.ask("GET", path)
        if answer.status != 200:
            raise refusal(self.url, answer.status, answer.data)
        return answer.data


def not_signed_in(url: str) -> CommandError:
    """For a token that the router does not take, or no longer."""
    return CommandError("not-signed-in", f"Not signed in at {url}, or no longer: task-router login {url}")


def refusal(url: str, status: int, data: Mapping[str, Any]) -> CommandError:
    """The router's own words for an answer that is no success."""
    if status == 401:
        return not_signed_in(url)
    parts = [plain(data[key]) for key in ("detail", "advice") if isinstance(data.get(key), str)]
    if not parts:
        # Not a router's words: a load balancer in front of it, while it starts or stops.
        return CommandError("unreachable", f"{url} answered with status {status}.")
    code = {404: "no-such-task", 409: "refused", 502: "not-listening", 503: "not-listening", 504: "not-listening"}
    return CommandError(code.get(status, "refused"), " ".join(parts))  # type: ignore[arg-type]
