"""Before a server with feature set `advanced`: the SDK's own call and this package write the same. Run with pytest, by its name."""

from typing import Any, Literal, Optional

import pytest
from task_router import expose
from task_router._task import RunningTask


@pytest.mark.parametrize("name", [None, "app"])
@pytest.mark.parametrize("protocol", ["http", "tcp"])
def test_the_same_is_written(task: RunningTask, sdk_task: Any, protocol: Literal["http", "tcp"], name: Optional[str]) -> None:
    sdk_task.request_external_endpoint(port=8888, protocol=protocol, endpoint_name=name)
    by_sdk = task.read()
    task.change(lambda _: {"mine": "kept"})
    expose(8888, protocol, name, wait=False)
    assert task.read() == by_sdk


def test_the_next_free_number_is_the_same(task: RunningTask, sdk_task: Any) -> None:
    for port in (8001, 8002, 8003):
        sdk_task.request_external_endpoint(port=port)
    by_sdk = task.read()
    task.change(lambda _: {"mine": "kept"})
    for port in (8001, 8002, 8003):
        expose(port, wait=False)
    assert task.read() == by_sdk
