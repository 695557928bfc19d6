"""One task of the real SDK for all tests, with nothing but what they need."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stand_in import StandIn

if TYPE_CHECKING:
    from task_router._task import RunningTask

status = 0


def pytest_sessionfinish(exitstatus: int) -> None:
    global status
    status = int(exitstatus)


def pytest_unconfigure() -> None:
    """The SDK waits ten seconds and more for a reporter that has nothing to report."""
    sys.stdout.flush()
    os._exit(status)


@pytest.fixture(scope="session")
def sdk_task() -> Any:
    # Here alone, for the tests of the command need no SDK.
    from clearml import Task

    return Task.init(
        project_name="Lab",
        task_name="task_router",
        reuse_last_task_id=False,
        auto_connect_arg_parser=False,
        auto_connect_frameworks=False,
        auto_connect_streams=False,
        auto_resource_monitoring=False,
    )


@pytest.fixture
def task(sdk_task: Any) -> Iterator["RunningTask"]:
    """The task, with nothing in its runtime but one key of its own, which every test has to leave alone."""
    from task_router._task import RunningTask

    running = RunningTask()
    running.change(lambda _: {"mine": "kept"})
    yield running
    assert running.read().runtime["mine"] == "kept"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without any sign-in, and without a browser."""
    for name in ("XDG_CONFIG_HOME", "DISPLAY", "WAYLAND_DISPLAY", "https_proxy", "HTTPS_PROXY", "TASK_ROUTER_ASKPASS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def router(home: Path) -> Iterator[StandIn]:
    with StandIn() as started:
        yield started
