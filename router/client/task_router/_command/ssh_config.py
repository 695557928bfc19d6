"""`task-router config-ssh`: a file of its own that ssh's includes, so that ssh and all that is built on it know tasks by name."""

from collections.abc import Iterable
from pathlib import Path

from .._router.endpoints import Endpoint, fetch
from .._router.private_files import private_folder, write_whole
from .._router.sign_ins import SignIn, own_folder
from .._router.words import CommandError, plain, say
from .own_program import proxy_command

_HEAD = """\
# Made by `task-router config-ssh` for {url}. It is written anew by that command, `task-router ssh` and `task-router ls`.
# `task-router config-ssh --remove` takes it away.
"""


def _ssh_folder() -> Path:
    return Path.home() / ".ssh"


def _own_file() -> Path:
    return _ssh_folder() / "task-router.config"


def _include() -> bytes:
    """One line, by the whole path: ssh finds its files by the user's entry in the system, and not by $HOME."""
    return f'Include "{_own_file()}"\n'.encode()


def config_ssh(sign_in: SignIn) -> int:
    """:raises CommandError: `local`, where ssh's own config cannot be written."""
    endpoints = fetch(sign_in.router())
    private_folder(own_folder())
    private_folder(_ssh_folder())
    write_whole(_own_file(), _text(sign_in.url, endpoints))
    _change(lambda text: text if _include() in text.splitlines(keepends=True) else _include() + text)
    hosts = [one for one in endpoints if "tcp" in one.ways]
    for one in hosts:
        print(f"ssh {one.alias}")
    say(f"{len(hosts)} tasks that ssh can reach are in {_own_file()}. Tasks that start later are there after `task-router ls`.")
    return 0


def remove() -> int:
    """Takes away the line and the file, and nothing else."""
    line = _include()
    _change(lambda text: b"".join(one for one in text.splitlines(keepends=True) if one != line))
    _own_file().unlink(missing_ok=True)
    say("taken out of ssh's config.")
    return 0


def refresh(sign_in: SignIn, endpoints: Iterable[Endpoint]) -> None:
    """Where the file is there, of this router: whoever has just seen the list writes it."""
    try:
        before = _own_file().read_bytes()
        after = _text(sign_in.url, endpoints)
        same_router = before.startswith(_HEAD.format(url=sign_in.url).splitlines(keepends=True)[0].encode())
        if same_router and before != after:
            write_whole(_own_file(), after)
    except OSError:
        return


def _change(changed: "object") -> None:
    path = _ssh_folder() / "config"
    try:
        before = path.read_bytes() if path.exists() else None
        after = changed(before or b"")  # type: ignore[operator]
        if after == (before or b""):
            return
        if not after and not path.is_symlink():
            # It had nothing but the line.
            path.unlink()
            return
        mode = 0o600 if before is None else path.stat().st_mode & 0o777
        write_whole(path, after, mode)
    except OSError as error:
        raise CommandError("local", f"{path} cannot be written: {error.strerror}") from error


def _text(url: str, endpoints: Iterable[Endpoint]) -> bytes:
    """Names of tasks stand in comments alone, where they are one line; hosts are of letters, digits and hyphens."""
    known_hosts = own_folder() / "known_hosts"
    blocks = [_HEAD.format(url=url)]
    for one in sorted(endpoints, key=lambda one: one.alias):
        if "tcp" in one.ways:
            blocks.append(
                f"""
# {plain(one.task_name)}
Host {one.alias} {one.id}
    HostName {one.id}
    User root
    HostKeyAlias task-router-{one.id}
    UserKnownHostsFile "{known_hosts}"
    StrictHostKeyChecking accept-new
    CheckHostIP no
    ProxyCommand {proxy_command(url, one.id)}
"""
            )
    return "".join(blocks).encode()
