"""The package with the real SDK, before a server of the open-source kind and a router."""

import os
import socket
import subprocess
import sys
from importlib.metadata import requires
from typing import Any

import pytest
from task_router import Endpoint, TaskRouterError, _expose, endpoints, expose
from task_router._task import TAG, RunningTask


def test_the_sdk_alone_cannot(task: RunningTask, sdk_task: Any) -> None:
    with pytest.raises(ValueError, match="feature set"):
        sdk_task.request_external_endpoint(port=8888)


def test_the_wheel_asks_for_what_expose_and_the_command_need() -> None:
    assert requires("task_router") == ["clearml", "websockets>=15.0", 'keyring; extra == "keyring"']


def test_the_command_needs_no_sdk_and_expose_no_websockets() -> None:
    code = "import sys, {}; assert not {{'clearml', 'websockets'}} & set(sys.modules) - {{'{}'}}, sys.modules.keys()"
    for module, needs in (("task_router._command.main", "websockets"), ("task_router._expose", "clearml")):
        subprocess.run([sys.executable, "-c", code.format(module, needs)], check=True)


def test_http_is_answered_with_the_routers_url(task: RunningTask) -> None:
    endpoint = expose(8888)
    assert endpoint.url == endpoint.path_url == f"{os.environ['ROUTER_URL']}/service/{task.id}/"
    assert (endpoint.port, endpoint.protocol, endpoint.name, endpoint.address) == (8888, "http", None, None)
    assert endpoint in endpoints()
    assert TAG in task.read().system_tags


def test_the_same_port_is_the_same_endpoint_and_another_is_numbered(task: RunningTask) -> None:
    first = expose(8888)
    assert expose(8888) == first
    assert expose(8889).name == "1"
    assert expose(8890).name == "2"
    assert expose(8889).name == "1"
    assert [one.name for one in endpoints()] == [None, "1", "2"]


def test_tcp_is_answered_with_an_address_that_leads_to_the_task(task: RunningTask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with expose(port, "tcp", "ssh") as endpoint:
            assert endpoint.address is not None
            host, _, outer = endpoint.address.rpartition(":")
            assert int(outer) != port
            with socket.create_connection((host, int(outer)), timeout=10) as client:
                inner, _ = server.accept()
                inner.sendall(b"hello")
                assert client.recv(5) == b"hello"
                inner.close()
            # Asked for again, it is answered already: nothing is written, and its port stays.
            assert expose(port, "tcp", "ssh") == endpoint
            assert endpoints() == [endpoint]
    assert task.read().runtime == {"mine": "kept"}


def test_http_and_tcp_of_one_name_live_apart(task: RunningTask) -> None:
    web = expose(8888, name="app")
    with expose(8888, "tcp", "app"):
        assert web in endpoints()
        assert len(endpoints()) == 2
    assert endpoints() == [web]
    web.withdraw()
    web.withdraw()
    assert endpoints() == []


def test_access_is_narrowed_told_and_taken_back(task: RunningTask) -> None:
    for name in (None, "app"):
        key = "router_access" if name is None else "router_access__app"
        assert expose(8888, name=name).access is None
        assert key not in task.read().runtime
        narrow = expose(8888, name=name, access="owner")
        # The ask stood: its answer stays where it is.
        assert (narrow.access, narrow.url is not None) == ("owner", True)
        assert narrow in endpoints()
        assert task.read().runtime[key] == "owner"
        assert expose(8888, name=name, access="people", wait=False).access == "people"
        assert expose(8888, name=name).access is None
        assert key not in task.read().runtime
        with expose(8888, name=name, access="visible"):
            assert task.read().runtime[key] == "visible"
        assert key not in task.read().runtime


def test_access_is_not_widened_by_the_other_protocol_of_the_name(task: RunningTask) -> None:
    with expose(8888, name="app", access="owner"), expose(22, "tcp", "app", wait=False) as ssh:
        assert ssh.access == "owner"
        assert [one.access for one in endpoints()] == ["owner", "owner"]
    assert task.read().runtime == {"mine": "kept"}


def test_access_is_read_as_the_server_spells_it(task: RunningTask) -> None:
    expose(8888, name="app")
    task._call("edit_runtime", {"task": task.id, "add_or_update": {"router_access__app": "people"}, "remove": []})
    assert "router_access__app" not in task.read().runtime
    assert [one.access for one in endpoints()] == ["people"]
    assert expose(8888, name="app").access is None
    assert [one.access for one in endpoints()] == [None]


def test_access_that_is_overwritten_is_written_again(task: RunningTask, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = _expose._answer

    def answer_after_an_old_copy(*parts: Any) -> Endpoint:
        task.change(lambda now: {key: value for key, value in now.items() if key != "router_access"})
        return answer(*parts)

    monkeypatch.setattr(_expose, "_answer", answer_after_an_old_copy)
    assert expose(8888, access="owner").access == "owner"
    assert task.read().runtime["router_access"] == "owner"


@pytest.mark.parametrize("access", ["public", "authenticated", "Owner", "", 1])
def test_access_that_no_router_knows_is_refused_before_anything_is_written(task: RunningTask, access: Any) -> None:
    with pytest.raises(TaskRouterError) as raised:
        expose(8888, access=access)
    assert str(raised.value) == f"access is owner, people or visible, not {access!r}"
    assert raised.value.code == "unknown-access"
    assert task.read().runtime == {"mine": "kept"}


def test_a_docker_agents_port_is_asked_for(task: RunningTask) -> None:
    task.change(lambda now: {**now, "_external_host_tcp_port_mapping": "10100-10199:8000-8099"})
    endpoint = expose(8001, wait=False)
    assert (endpoint.port, endpoint.url) == (10101, None)
    assert task.read().runtime["_PORT"] == 10101


def test_an_ask_that_is_overwritten_is_written_again(task: RunningTask, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = _expose._answer

    def answer_after_an_old_copy(*parts: Any) -> Endpoint:
        task.change(lambda _: {"mine": "kept"})
        return answer(*parts)

    monkeypatch.setattr(_expose, "_answer", answer_after_an_old_copy)
    assert expose(8888).url is not None
    assert task.read().runtime["_PORT"] == 8888


def test_a_refused_ask_is_told_and_leaves_nothing(task: RunningTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARML_AGENT_HOST_IP", "192.0.2.1")
    with pytest.raises(TaskRouterError, match=r"No router answered within 2 s: port 22 at 192\.0\.2\.1") as raised:
        expose(22, "tcp", wait=2)
    assert raised.value.code == "no-answer"
    assert set(task.read().runtime) == {"mine"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0,), "port is a number from 1 to 65535, not 0"),
        (("80",), "port is a number"),
        ((80, "udp"), "protocol is http or tcp, not 'udp'"),
        ((80, "http", "a__b"), "name is made of"),
        ((80, "http", ""), "name is made of"),
        ((80, "http", "a.b"), "name is made of"),
        ((80, "http", None, None, False, "health"), "health_path is a path of an http endpoint"),
        ((80, "http", None, None, False, "//host/x"), "health_path is a path"),
        ((80, "http", None, None, False, "/a b"), "health_path is a path"),
        ((80, "http", None, None, False, "/a\n"), "health_path is a path"),
        ((80, "http", None, None, False, "/" + "a" * 256), "health_path is a path"),
        ((80, "tcp", None, None, False, "/health"), "health_path is a path"),
        ((80, "tcp", None, None, False, None, True), "keep_prefix is for http endpoints"),
        ((80, "http", None, None, False, None, False, "HTTPS"), "scheme is http or https, not 'HTTPS'"),
        ((80, "tcp", None, None, False, None, False, "https"), "scheme is for http endpoints"),
    ],
)
def test_what_no_router_takes_is_refused(task: RunningTask, arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        expose(*arguments)


def test_without_a_task_it_says_so() -> None:
    program = "import task_router; task_router.expose(80)"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CLEARML_PROC", "TRAINS_PROC"))}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert "This program is no ClearML task. Call Task.init() first." in done.stderr


def test_the_servers_own_words_are_told(task: RunningTask) -> None:
    with pytest.raises(TaskRouterError, match=r"The ClearML server refused tasks\.edit: ") as raised:
        task._call("edit", {"task": "0" * 32, "runtime": {}})
    assert raised.value.code == "clearml-failed"


def test_a_task_that_has_ended_is_not_exposed(task: RunningTask, sdk_task: Any) -> None:
    task._call("stopped", {"task": task.id, "force": True})
    with pytest.raises(TaskRouterError, match=rf"The task {task.id} is stopped") as raised:
        expose(8888)
    assert raised.value.code == "not-running"
    task._call("started", {"task": task.id, "force": True})
