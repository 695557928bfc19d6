"""A ClearML task that does what it is told, through the real SDK.

Reads one JSON object a line from standard input and answers each with one line on standard output:
  {"do": "request", "port": 8080, "protocol": "http", ...}  Task.request_external_endpoint
  {"do": "wait", "protocol": "tcp", ...}                    Task.wait_for_external_endpoint
  {"do": "list"}                                            Task.list_external_endpoints
  {"do": "runtime"}                                         the runtime properties as the SDK sees them
  {"do": "write", "properties": {...}}                      what any code in a task may do: write runtime properties
The task is completed when the input ends.
"""

import json
import os
import sys

# What the SDK prints goes to standard error, so that answers stay one JSON object a line.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

from clearml import Task  # noqa: E402
from clearml.backend_api.session.client import APIClient  # noqa: E402


def answer(value):
    print(json.dumps(value), file=answers, flush=True)


def perform(task, command):
    what = command.pop("do")
    if what == "request":
        return task.request_external_endpoint(**command)
    if what == "wait":
        return task.wait_for_external_endpoint(**command)
    if what == "list":
        task.reload()
        return task.list_external_endpoints(**command)
    if what == "runtime":
        task.reload()
        return task._get_runtime_properties()
    if what == "write":
        return task._set_runtime_properties(command["properties"])
    raise ValueError(f"unknown command {what}")


def main():
    task = Task.init(
        project_name=os.environ["LAB_PROJECT"],
        task_name=os.environ["LAB_TASK_NAME"],
        task_type=Task.TaskTypes.application,
        reuse_last_task_id=False,
        auto_connect_arg_parser=False,
        auto_connect_frameworks=False,
        auto_connect_streams=False,
        auto_resource_monitoring=False,
    )
    answer({"id": task.id})
    for line in sys.stdin:
        try:
            answer({"result": perform(task, json.loads(line))})
        except Exception as error:
            answer({"error": f"{type(error).__name__}: {error}"})
    # Task.close and Task.mark_completed wait ten seconds and more for a reporter that has nothing to report.
    APIClient().tasks.completed(task=task.id, force=True)
    os._exit(0)


main()
