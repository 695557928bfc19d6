"""A stand-in for the part of a router's API that the command speaks to. The router itself is in the end-to-end tests."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Optional
from urllib.parse import parse_qs

TASK = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"
TOKEN = "ttrd_secret-of-the-device"


class Asked(NamedTuple):
    """What came."""

    method: str
    path: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    body: Any


class StandIn:
    """Answers what a test put at a method and path, the last of several again and again."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[tuple[int, Any]]] = {}
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                is_form = self.headers.get("Content-Type") == "application/x-www-form-urlencoded"
                form = {key: values[0] for key, values in parse_qs(text).items()} if is_form else {}
                body = None if is_form or not text else json.loads(text)
                stand_in.asked.append(Asked(self.command, self.path, dict(self.headers.items()), form, body))
                status, data = stand_in._next(f"{self.command} {self.path}")
                said = b"" if data is None else data.encode() if isinstance(data, str) else json.dumps(data).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def will(self, asked: str, *answers: tuple[int, Any]) -> None:
        self._answers[asked] = list(answers)

    def _next(self, asked: str) -> tuple[int, Any]:
        answers = self._answers.get(asked) or [
            (404, {"error": "not-found", "title": "Nothing here", "detail": "There is no such page."})
        ]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def __enter__(self) -> "StandIn":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self._server.shutdown()
        self._server.server_close()


def way(url: Optional[str], port: Optional[int] = None, state: str = "open", reason: Optional[str] = None) -> dict[str, Any]:
    """Of HTTP and TCP alike; each has its own key for the URL."""
    return {"state": state, "reason": reason, "url": url, "pathUrl": url, "tunnelUrl": url, "taskPort": port}


def endpoint(task: str, task_name: str, name: Optional[str] = None, **ways: dict[str, Any]) -> dict[str, Any]:
    """A row of /api/v1/routes, as far as the command reads it."""
    return {
        "id": task if name is None else f"{task}__{name}",
        "name": name,
        "task": {"id": task, "name": task_name},
        "access": {"level": "owner"},
        "idle": None,
        "http": ways.get("http"),
        "tcp": ways.get("tcp"),
    }
