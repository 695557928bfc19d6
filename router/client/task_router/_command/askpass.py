"""What ssh asks for a password, by SSH_ASKPASS.

The password is in no argument, file or environment, and not with the process that started ssh: this program gets it from the router
at the moment that ssh asks, and writes it into ssh's own pipe.
"""

import getpass
import os
import re
import shlex
import sys
from pathlib import Path
from urllib.parse import quote

from .._router.sign_ins import signed_in
from .._router.words import CommandError
from .own_program import own_words

ASKED_OF = "TASK_ROUTER_ASKPASS"
"""Environment variable: the router's URL and the endpoint's id, which are no secrets."""

# ssh's own questions of this kind: `root@host's password: `, and that of keyboard-interactive, `(root@host) Password: `. The
# host is the HostKeyAlias, which holds the endpoint's id.
_PASSWORD = re.compile(r"(?!.*passphrase).*\bpassword:\s*", re.IGNORECASE | re.DOTALL)


def write_askpass(folder: Path) -> Path:
    """ssh takes the name of a program without arguments."""
    script = folder / "askpass"
    script.write_text(f'#!/bin/sh\nexec {shlex.join([*own_words(), "_askpass"])} -- "$1"\n')
    script.chmod(0o700)
    return script


def askpass(question: str) -> int:
    """Anything but a password, such as the passphrase of a key, is asked of the person."""
    url, _, endpoint = os.environ.get(ASKED_OF, "").partition(" ")
    # A host on the way to the task (ProxyJump) asks by the same program, which must not give it the task's password.
    of_another = "@" in question and endpoint not in question
    if os.environ.get("SSH_ASKPASS_PROMPT") or _PASSWORD.fullmatch(question) is None or of_another:
        return _of_person(question)
    data = signed_in(url).router().get(f"/api/v1/endpoints/{quote(endpoint)}/ssh")
    password = data.get("password")
    if not isinstance(password, str) or "\n" in password:
        raise CommandError("refused", "The router tells no password of this task any more.")
    sys.stdout.write(f"{password}\n")
    return 0


def _of_person(question: str) -> int:
    try:
        answer = input() if os.environ.get("SSH_ASKPASS_PROMPT") == "none" else _read(question)
    except (OSError, EOFError):
        return 1
    sys.stdout.write(f"{answer}\n")
    return 0


def _read(question: str) -> str:
    if os.environ.get("SSH_ASKPASS_PROMPT") != "confirm":
        return getpass.getpass(question)
    with open("/dev/tty", "r+", buffering=1) as terminal:
        terminal.write(question)
        return terminal.readline().rstrip("\n")
