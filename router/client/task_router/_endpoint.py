"""What a task's code gets for a port that it exposes."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Callable, Literal, Optional

Protocol = Literal["http", "tcp"]

Access = Literal["owner", "people", "visible"]
"""The task's owner alone, the owner and those whom the owner named at the router, or everybody who sees the task in ClearML."""

Scheme = Literal["http", "https"]
"""What the app of an http endpoint speaks."""


@dataclass(frozen=True)
class Endpoint:
    """One exposed port. As a context manager it is withdrawn at the end of the block."""

    port: int
    """Port that was asked for: the task's, or with an agent in Docker the port of its host that leads there."""

    protocol: Protocol

    name: Optional[str]
    """None for the task's unnamed endpoint."""

    url: Optional[str]
    """What people open in a browser; None for TCP, and while there is no answer."""

    path_url: Optional[str]
    """The same below the router's own host, whose path is the root path that Gradio and others have to be told. None as `url`."""

    address: Optional[str]
    """`host:port` to connect to; None for HTTP, and while there is no answer."""

    access: Optional[Access]
    """To whom the task narrows it; None where only the router's own rules say who may. HTTP and TCP of one name share it."""

    _withdraw: Callable[[], None] = field(repr=False, compare=False)

    def withdraw(self) -> None:
        """Closes the endpoint: the router takes the route away within a few seconds. Does nothing the second time."""
        self._withdraw()

    def __enter__(self) -> "Endpoint":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.withdraw()
