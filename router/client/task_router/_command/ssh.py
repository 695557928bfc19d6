"""`task-router ssh`: the system's own ssh, through a tunnel."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Optional
from urllib.parse import quote

from .._router.api import Answer, refusal
from .._router.endpoints import Endpoint, fetch, pick
from .._router.private_files import private_folder
from .._router.sign_ins import SignIn, own_folder
from .._router.words import CommandError, say
from .askpass import ASKED_OF, write_askpass
from .own_program import proxy_command
from .ssh_config import refresh

# Of ssh(1): the options that take a word.
_WITH_A_WORD = "BbcDEeFIiJLlmOoPpQRSWw"
# What tasks' containers know; clearml-session's too.
USER = "root"


class SshWords(NamedTuple):
    """What stood after `task-router ssh`."""

    options: list[str]
    name: str
    command: list[str]


def split_words(words: Sequence[str]) -> SshWords:
    """As ssh reads its own: options, then whom, then the command with all that looks like options.

    :raises CommandError: `bad-argument`.
    """
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "--":
        # The last letter of a group may take the next word.
        takes = next((index for index, letter in enumerate(words[at]) if index and letter in _WITH_A_WORD), None)
        at += 2 if takes is not None and takes == len(words[at]) - 1 else 1
    options = list(words[:at])
    rest = list(words[at:])
    if rest and rest[0] == "--":
        rest = rest[1:]
    if not rest:
        raise CommandError("bad-argument", "Which task? task-router ssh NAME [command]")
    return SshWords(options, rest[0], rest[1:])


def host_options(url: str, endpoint: Endpoint) -> dict[str, str]:
    """By which ssh finds the endpoint and knows it again.

    Host keys are kept by the endpoint's id, which begins with the task's: a new task is a new host, and no man in the middle.
    """
    known_hosts = own_folder() / "known_hosts"
    return {
        "ProxyCommand": proxy_command(url, endpoint.id),
        "HostKeyAlias": f"task-router-{endpoint.id}",
        "UserKnownHostsFile": f'"{known_hosts}"',
        "StrictHostKeyChecking": "accept-new",
        "CheckHostIP": "no",
    }


def ssh(sign_in: SignIn, words: Sequence[str]) -> int:
    """Gives the exit status of ssh: that of the command at the task, or 255.

    :raises CommandError: before ssh is started.
    """
    program = shutil.which("ssh")
    if program is None:
        raise CommandError("local", "There is no ssh on the PATH of this computer.")
    options, name, command = split_words(words)
    user, _, host = name.rpartition("@")
    router = sign_in.router()
    endpoints = fetch(router)
    refresh(sign_in, endpoints)
    endpoint = pick(endpoints, host, "tcp", preferred="ssh")
    login = _login(sign_in.url, router.ask("GET", f"/api/v1/endpoints/{quote(endpoint.id)}/ssh"))
    private_folder(own_folder())
    said = [word for key, value in host_options(sign_in.url, endpoint).items() for word in ("-o", f"{key}={value}")]
    words_of_user = ["-l", user or login.user or USER] if user or "-l" not in options else []
    # The user's own options come first, for ssh takes the first that it reads.
    line = [program, *options, *said, *words_of_user]
    if not login.has_password or os.name != "posix":
        return _run([*line, "--", endpoint.id, *command], os.environ)
    with tempfile.TemporaryDirectory(prefix="task-router-") as folder:
        script = write_askpass(Path(folder))
        asking = {"SSH_ASKPASS": str(script), "SSH_ASKPASS_REQUIRE": "force", ASKED_OF: f"{sign_in.url} {endpoint.id}"}
        line += ["-o", "NumberOfPasswordPrompts=1"]
        return _run([*line, "--", endpoint.id, *command], {**os.environ, "DISPLAY": os.environ.get("DISPLAY", ":0"), **asking})


class _Login(NamedTuple):
    user: Optional[str]
    has_password: bool


def _login(url: str, answer: Answer) -> _Login:
    """What the router tells the owner; to others, and of tasks that say nothing, it tells nothing."""
    status, data, _ = answer
    if status not in (200, 404):
        # A key of the user's own may do all the same.
        say(str(refusal(url, status, data)))
    if status != 200:
        return _Login(None, False)
    user = data.get("user")
    # Else it could be an option of ssh, or a line of its own.
    fits = isinstance(user, str) and user[:1].isalnum() and user.isascii() and user.replace("-", "").replace("_", "").isalnum()
    return _Login(str(user) if fits else None, isinstance(data.get("password"), str))


def _run(line: Sequence[str], environment: Mapping[str, str]) -> int:
    """Ctrl-C is for ssh, which passes it on."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(line, env=environment, preexec_fn=_default_interrupt if os.name == "posix" else None)
        status = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return status if status >= 0 else 128 - status


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
