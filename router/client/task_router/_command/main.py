"""The command's one entry: from what was typed to an exit status, errors in words."""

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Optional

from .._router.words import CommandError, say

INTERRUPTED = 130
# What ssh itself ends with where no command of the task's could run.
NO_SESSION = 255


def main() -> None:
    """Entry point of the wheel."""
    # Whoever reads the output may have a terminal of ASCII.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    status = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(status)


def run(words: Sequence[str]) -> int:
    """Exit status: 0, 1 for what is told in words, 2 for what cannot be read, 130 for Ctrl-C; `ssh` has ssh's own."""
    try:
        return _run(words)
    except CommandError as error:
        say(str(error))
        return NO_SESSION if words and words[0] in ("ssh", "_tunnel") else 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:
        say(f"{error.filename or 'this computer'}: {error.strerror or error}")
        return 1


def _run(words: Sequence[str]) -> int:
    from . import arguments

    if words[:1] == ["ssh"] and not {"-h", "--help"} & set(words[1:2]):
        return _ssh(words[1:])
    typed = arguments.parser().parse_args(words)
    named: Optional[str] = getattr(typed, "router", None)
    if typed.command == "login":
        from .login import login

        return login(typed.url or named, typed.insecure_http, not typed.no_browser)
    if typed.command == "logout":
        from .login import logout

        return logout(named)
    if typed.command == "status":
        from .login import status

        return status(named)
    if typed.command == "_askpass":
        from .askpass import askpass

        return askpass(typed.question)
    if typed.command == "config-ssh" and typed.remove:
        from .ssh_config import remove

        return remove()
    from .._router.sign_ins import signed_in

    sign_in = signed_in(named)
    if typed.command == "ls":
        from .table import ls

        return ls(sign_in, typed.json)
    if typed.command == "config-ssh":
        from .ssh_config import config_ssh

        return config_ssh(sign_in)
    if typed.command == "token":
        from .token import token

        return token(sign_in, typed.name, typed.label, typed.days)
    from .._router.endpoints import fetch, open_url, pick

    if typed.command == "forward":
        from .._tunnels.forward import endpoint_targets, forward, pod_targets, wanted

        ports = [wanted(text) for text in typed.ports]
        targets = (pod_targets if typed.pod else endpoint_targets)(sign_in, typed.name, ports)
        asyncio.run(forward(sign_in, targets))
    else:
        from .._tunnels.stdio import tunnel_stdio

        asyncio.run(tunnel_stdio(sign_in, open_url(pick(fetch(sign_in.router()), typed.id, "tcp"), "tcp")))
    return 0


def _ssh(words: Sequence[str]) -> int:
    """The words after `ssh` are ssh's own, but for the router's."""
    from .._router.sign_ins import signed_in
    from .ssh import ssh

    named = None
    if words[:1] == ["--router"] and len(words) > 1:
        named, words = words[1], words[2:]
    elif words and words[0].startswith("--router="):
        named, words = words[0].partition("=")[2], words[1:]
    return ssh(signed_in(named), words)
