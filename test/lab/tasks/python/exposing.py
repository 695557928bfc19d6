"""A task in a pod that exposes its ports by task_router, which pip installs from the wheel at LAB_WHEEL.

It serves HTTP on port 8000 and lines over TCP on port 7000, and says what it was answered by one line of JSON on standard output.
`POST /withdraw` at its HTTP port withdraws the TCP endpoint `line`. It runs until its pod ends.
"""

import json
import os
import socketserver
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HTTP_PORT = 8000
TCP_PORT = 7000
INSTALLED = "/tmp/installed"

wheel = os.environ["LAB_WHEEL"]
pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--trusted-host", urlsplit(wheel).hostname]
# The SDK, on which alone it depends, is there.
subprocess.run([*pip, "--no-deps", "--target", INSTALLED, wheel], check=True)
sys.path.insert(0, INSTALLED)

from clearml import Task  # noqa: E402
from task_router import endpoints, expose  # noqa: E402

named = {}


class Web(BaseHTTPRequestHandler):
    def do_GET(self):
        self.say("hello over HTTP\n")

    def do_POST(self):
        named["line"].withdraw()
        self.say("withdrawn\n")

    def say(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


class Line(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b"hello over TCP\n")


class Lines(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


def said(endpoint):
    fields = ("port", "protocol", "name", "url", "address", "access")
    return {field: getattr(endpoint, field) for field in fields}


def main():
    for server in (ThreadingHTTPServer(("", HTTP_PORT), Web), Lines(("", TCP_PORT), Line)):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    task = Task.init(
        project_name="Lab",
        task_name="exposes its ports",
        task_type=Task.TaskTypes.application,
        reuse_last_task_id=False,
        auto_connect_arg_parser=False,
        auto_connect_frameworks=False,
        auto_connect_streams=False,
        auto_resource_monitoring=False,
    )
    try:
        task.request_external_endpoint(port=HTTP_PORT)
        refused = ""
    except ValueError as error:
        refused = str(error)
    exposed = [
        expose(HTTP_PORT),
        expose(TCP_PORT, "tcp"),
        expose(HTTP_PORT, name="board", access="owner"),
        expose(TCP_PORT, "tcp", "line"),
        expose(HTTP_PORT, name="both"),
        expose(TCP_PORT, "tcp", "both"),
    ]
    named.update((endpoint.name, endpoint) for endpoint in exposed if endpoint.name)
    report = {
        "task": task.id,
        "refused": refused,
        "exposed": [said(endpoint) for endpoint in exposed],
        "listed": [said(endpoint) for endpoint in endpoints()],
    }
    print(json.dumps(report), flush=True)
    threading.Event().wait()


main()
