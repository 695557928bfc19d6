"""What the command says: errors in words, and what others wrote made fit for a terminal."""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, Optional

Code = Literal[
    "bad-argument",
    "not-signed-in",
    "sign-in-failed",
    "no-such-task",
    "ambiguous",
    "not-listening",
    "router-too-old",
    "unreachable",
    "refused",
    "lost",
    "local",
]


class CommandError(Exception):
    """Ends a command. The message says what is wrong and what to do; `code` says it to the rest of the command."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code


def plain(text: object) -> str:
    """One line without control characters: names of tasks and answers could else speak to the terminal."""
    return "".join(one if one.isprintable() else "?" for one in str(text))


def say(text: str) -> None:
    """To people, who read it beside the output that programs read."""
    print(f"task-router: {text}", file=sys.stderr, flush=True)


def own_version() -> str:
    """The version of this package, which is that of the router that served it."""
    try:
        return version("task_router")
    except PackageNotFoundError:
        return "of unknown version"


def too_old(url: str, router: Optional[str], lacks: str) -> CommandError:
    """For a router that does not know what this command asks of it; both versions are told."""
    said = f"is version {plain(router)}" if router else "does not say its version, so it is older than this command"
    return CommandError(
        "router-too-old",
        f"The router at {url} {lacks}: it {said}; this is task-router {own_version()}. "
        "Install the wheel that this router serves, or ask whoever runs it to update it.",
    )
