"""
JupyterLab under the router's path. Jupyter writes its base URL into each of its links and expects it in each request; the
router takes it off the request. So it is put on again here, for requests and WebSockets alike.
"""

import os

from jupyter_server.serverapp import ServerWebApplication

prefix = f"/service/{os.environ['CLEARML_TASK_ID']}"
find_handler = ServerWebApplication.find_handler


def find_handler_under_prefix(self, request, **kwargs):
    if not request.path.startswith(f"{prefix}/"):
        request.path = prefix + request.path
        request.uri = prefix + request.uri
    return find_handler(self, request, **kwargs)


ServerWebApplication.find_handler = find_handler_under_prefix
c.ServerApp.base_url = f"{prefix}/"  # noqa: F821, Jupyter's own
