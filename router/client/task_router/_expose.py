"""Asking for endpoints, and waiting for the answer."""

import re
import time
from typing import Optional, Union

from ._endpoint import Access, Endpoint, Protocol, Scheme
from ._errors import TaskRouterError
from ._runtime import ACCESSES, PORT_KEYS, SCHEMES, Ask, Runtime, access_in, names_that_ask, text
from ._task import RunningTask
from ._where import host_port, own_address

WAIT_SECONDS = 90.0
"""As long as the SDK waits. A router answers within a few seconds."""

POLL_SECONDS = 1.0

# Names that no server escapes and that stand in URLs as they are; the router's page and the SDK know others.
NAME = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9](?:_?[A-Za-z0-9-])*")

# As the router reads it; it also refuses one that leads above itself.
HEALTH_PATH = re.compile(r"(?=.{1,256}\Z)/(?!/)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")


def expose(
    port: int,
    protocol: Protocol = "http",
    name: Optional[str] = None,
    access: Optional[Access] = None,
    wait: Union[bool, float] = True,
    health_path: Optional[str] = None,
    keep_prefix: bool = False,
    scheme: Scheme = "http",
) -> Endpoint:
    """Asks the router to lead people to a port of this task.

    Without a name it is the task's unnamed endpoint; where that asks for another port already, names are `1`, `2` and so on, as
    with `Task.request_external_endpoint`. The same port asked for again is the same endpoint.

    :param port: where the task listens, on all addresses or that of the pod: a router is on another machine.
    :param name: letters, digits, `-` and single `_`.
    :param access: narrows who may: `owner` of the task, `people` whom the owner named at the router, or whoever sees the task in
        ClearML (`visible`). It never widens what the router allows. Without it an earlier one is taken back, unless the
        other protocol of the same name, which shares it, is exposed.
    :param health_path: a path of the app, such as `/health`, where any answer below 500 says that it is well. The router asks it in
        place of a mere connection, and a load-balanced route leaves a task alone that does not answer. Without it an earlier one is
        taken back.
    :param keep_prefix: the app of this http endpoint is told its base path, the path of `path_url`, and wants to see it: the router
        does not cut it from what it passes on. `health_path` is without it all the same.
    :param scheme: `https` where the app of this http endpoint speaks TLS itself. Without it an earlier one is taken back.
    :param wait: False returns at once, without URL and address; a number is the seconds to wait instead of 90.
    :return: the endpoint with what the router answered. Use it as a context manager to withdraw it at the end of the block.
    :raises TaskRouterError: with the reason. The ask is withdrawn before, where one was written.
    :raises ValueError: for an argument that no router takes.
    """
    if protocol not in PORT_KEYS:
        raise ValueError(f"protocol is http or tcp, not {protocol!r}")
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise ValueError(f"port is a number from 1 to 65535, not {port!r}")
    if name is not None and NAME.fullmatch(name) is None:
        raise ValueError(f"name is made of up to 64 letters, digits, '-' and single '_', not {name!r}")
    if access is not None and access not in ACCESSES:
        raise TaskRouterError("unknown-access", f"access is {', '.join(ACCESSES[:-1])} or {ACCESSES[-1]}, not {access!r}")
    if health_path is not None and (protocol != "http" or HEALTH_PATH.fullmatch(health_path) is None):
        raise ValueError(f"health_path is a path of an http endpoint, up to 256 characters from its first /, not {health_path!r}")
    if keep_prefix and protocol != "http":
        raise ValueError("keep_prefix is for http endpoints: a TCP port has no path")
    if scheme not in SCHEMES:
        raise ValueError(f"scheme is http or https, not {scheme!r}")
    if scheme == "https" and protocol != "http":
        raise ValueError("scheme is for http endpoints: the bytes of a TCP port pass as they are")
    task = RunningTask()
    address = own_address()
    runtime = _running(task)
    outer = host_port(port, text(runtime, "_external_host_tcp_port_mapping", None))
    asked_name = _free_name(runtime, protocol, outer) if name is None else name
    ask = Ask(protocol, asked_name, address, outer, access, health_path, keep_prefix, scheme)
    written = task.change(lambda now: ask.worded(now) if ask.stands_in(now) else ask.added_to(now))
    if wait is False:
        return _endpoint(task, ask._replace(access=access_in(written, ask.name)), {})
    try:
        return _answer(task, ask, WAIT_SECONDS if wait is True else wait)
    except BaseException:
        _withdraw(task, ask)
        raise


def endpoints() -> list[Endpoint]:
    """The endpoints that this task asks for now, whoever in it asked; without URL and address those that have no answer yet.

    :raises TaskRouterError: with the reason.
    """
    task = RunningTask()
    runtime = task.read().runtime
    address = own_address()
    protocols: tuple[Protocol, ...] = ("http", "tcp")
    found = []
    for protocol in protocols:
        for name in names_that_ask(runtime, protocol):
            kept = text(runtime, "upstream_task_port", name) if protocol == "tcp" else ""
            port = kept or text(runtime, PORT_KEYS[protocol], name)
            if port.isdecimal():
                ask = Ask(protocol, name, address, int(port), access_in(runtime, name))
                found.append(_endpoint(task, ask, runtime))
    return found


def _free_name(runtime: Runtime, protocol: Protocol, port: int) -> Optional[str]:
    taken = names_that_ask(runtime, protocol)
    own_port = "_PORT" if protocol == "http" else "upstream_task_port"
    index = 0
    while True:
        name = str(index) if index > 0 else None
        if name not in taken or text(runtime, own_port, name) == str(port):
            return name
        index += 1


def _running(task: RunningTask) -> Runtime:
    status, _, runtime = task.read()
    if status != "in_progress":
        raise TaskRouterError("not-running", f"The task {task.id} is {status}; a router serves tasks that run.")
    return runtime


def _answer(task: RunningTask, ask: Ask, seconds: float) -> Endpoint:
    """Looks again and again, and writes the ask again where somebody's older copy of the runtime went over it."""
    deadline = time.monotonic() + seconds
    while True:
        runtime = _running(task)
        access = access_in(runtime, ask.name)
        if ask.lost_from(runtime):
            task.change(ask.added_to)
        elif ask.access not in (None, access):
            task.change(ask.narrowed)
        elif ask.answered_in(runtime):
            return _endpoint(task, ask._replace(access=access), runtime)
        if time.monotonic() >= deadline:
            raise TaskRouterError(
                "no-answer",
                f"No router answered within {seconds:g} s: port {ask.port} at {ask.address} is not exposed. Either none serves the "
                "queue of this task, or it refused the ask; ask again with wait=False, and the router's page says why.",
            )
        time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _withdraw(task: RunningTask, ask: Ask) -> None:
    answered = ask.answered_in(task.read().runtime)
    task.change(ask.taken_from)
    if not answered:
        # An answer that was on its way is taken for an ask once it arrives.
        time.sleep(POLL_SECONDS)
        task.change(ask.taken_from)


def _endpoint(task: RunningTask, ask: Ask, runtime: Runtime) -> Endpoint:
    answered = ask.answered_in(runtime)
    web = answered and ask.protocol == "http"
    path_url = text(runtime, "endpoint", ask.name) if web else ""
    url = text(runtime, "browser_endpoint", ask.name) if web else ""
    address = None
    if answered and not web:
        host = text(runtime, "external_address", ask.name)
        address = f"{host}:{text(runtime, 'external_tcp_port', ask.name)}"
    return Endpoint(
        port=ask.port,
        protocol=ask.protocol,
        name=ask.name,
        url=url or path_url or None,
        path_url=path_url or None,
        address=address,
        access=ask.access,
        _withdraw=lambda: _withdraw(task, ask),
    )
