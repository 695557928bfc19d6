"""Why a port cannot be exposed."""

from typing import Literal

Code = Literal["no-task", "not-running", "no-address", "no-answer", "unknown-access", "clearml-failed"]


class TaskRouterError(Exception):
    """A port is not exposed. The message says why and what to do; `code` says it to programs."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
