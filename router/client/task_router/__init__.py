"""Reach a port of this ClearML task from outside, through the task-traffic-router. Works with every ClearML server.

from task_router import expose

print(expose(8888).url)
"""

from ._endpoint import Endpoint, Protocol
from ._errors import TaskRouterError
from ._expose import endpoints, expose

__all__ = ["Endpoint", "Protocol", "TaskRouterError", "endpoints", "expose"]
