"""The running task at the ClearML server. All that this package needs of the SDK is here."""

from contextlib import nullcontext
from typing import Any, Callable, NamedTuple

from clearml import Task

from ._errors import TaskRouterError
from ._runtime import Runtime

# Only tasks with this system tag are looked at by a router.
TAG = "external_service"


class Stored(NamedTuple):
    """What the server holds of the task."""

    status: str
    system_tags: list[str]
    runtime: dict[str, Any]


class RunningTask:
    """Reads and changes the task by `tasks.get_all_ex` and `tasks.edit`, which every server has, in any feature set."""

    def __init__(self) -> None:
        """:raises TaskRouterError: `no-task`."""
        task: Any = Task.current_task()
        if task is None:
            raise TaskRouterError("no-task", "This program is no ClearML task. Call Task.init() first.")
        if Task.is_offline():
            raise TaskRouterError("no-task", "ClearML is in offline mode, in which no router learns of this task.")
        self._task = task
        self.id = str(task.id)

    def read(self) -> Stored:
        """:raises TaskRouterError: `clearml-failed`."""
        fields = ["id", "status", "system_tags", "runtime"]
        data = self._call("get_all_ex", {"id": [self.id], "only_fields": fields, "page": 0, "page_size": 1})
        found = [task for task in data.get("tasks") or [] if task.get("id") == self.id]
        if not found:
            raise TaskRouterError("clearml-failed", f"The ClearML server does not show the task {self.id}.")
        return Stored(
            status=str(found[0].get("status")),
            system_tags=[str(tag) for tag in found[0].get("system_tags") or []],
            runtime=dict(found[0].get("runtime") or {}),
        )

    def change(self, changed: Callable[[Runtime], dict[str, Any]]) -> dict[str, Any]:
        """Writes what `changed` makes of the runtime as it is now, and the tag. Returns the runtime as it is then.

        The server has no call that sets one such key alone: `tasks.edit_runtime` stores those of the ask under other names. So the
        dictionary is read right before it is written, and the SDK's own threads are kept away meanwhile; a key that another
        process writes between these two calls is lost.

        :raises TaskRouterError: `clearml-failed`.
        """
        with getattr(self._task, "_edit_lock", None) or nullcontext():
            stored = self.read()
            runtime = changed(stored.runtime)
            body: dict[str, Any] = {} if runtime == stored.runtime else {"runtime": runtime}
            if TAG not in stored.system_tags:
                body["system_tags"] = [*stored.system_tags, TAG]
            if body:
                self._call("edit", {"task": self.id, "force": True, **body})
                # The SDK keeps a copy, from which its set_system_tags would take the tag away again.
                self._task.reload()
            return runtime

    def _call(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = self._task.session.send_request("tasks", action, method="post", json=body)
            answer = response.json()
        except Exception as error:
            raise TaskRouterError("clearml-failed", f"The ClearML server does not answer: {error}") from error
        if not response.ok:
            said = (answer.get("meta") or {}).get("result_msg") or f"status {response.status_code}"
            raise TaskRouterError("clearml-failed", f"The ClearML server refused tasks.{action}: {said}")
        return dict(answer.get("data") or {})
