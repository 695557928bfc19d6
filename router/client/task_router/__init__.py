"""Reach a port of this ClearML task from outside, through the task-traffic-router. Works with every ClearML server.

from task_router import expose

print(expose(8888).url)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._endpoint import Access, Endpoint, Protocol
    from ._errors import TaskRouterError
    from ._expose import endpoints, expose

__all__ = ["Access", "Endpoint", "Protocol", "TaskRouterError", "endpoints", "expose"]

_HOMES = {
    "Access": "_endpoint",
    "Endpoint": "_endpoint",
    "Protocol": "_endpoint",
    "TaskRouterError": "_errors",
    "endpoints": "_expose",
    "expose": "_expose",
}


def __getattr__(name: str) -> Any:
    """The SDK takes seconds to import: the command `task-router`, which needs none of it, does not wait for it (PEP 562)."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
