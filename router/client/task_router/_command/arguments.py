"""What can be typed."""

import argparse

from .._router.words import own_version


def parser() -> argparse.ArgumentParser:
    """One sub-command each. Those that begin with `_` are for programs that this one starts."""
    top = argparse.ArgumentParser(
        prog="task-router", description="ClearML tasks by name, through the router's HTTPS port, signed in."
    )
    top.add_argument("--version", action="version", version=f"task-router {own_version()}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--router", metavar="URL", help="another than the last one that was signed in at")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, said: str, **more: object) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=said, description=said, **more)  # type: ignore[arg-type]

    login = add("login", "sign in at a router, with a browser on this computer or any other")
    login.add_argument("url", nargs="?", metavar="URL", help="such as https://tasks.example.com")
    login.add_argument("--no-browser", action="store_true", help="open none, show the address alone")
    login.add_argument("--insecure-http", action="store_true", help="let the sign-in go over plain http, where others may read it")
    add("logout", "revoke this computer's sign-in")
    add("status", "who is signed in, until when, and which versions")
    ls = add("ls", "the endpoints that you may open")
    ls.add_argument("--json", action="store_true", help="as the router gives them")
    ssh = add(
        "ssh",
        "ssh to a task: [options of ssh] [user@]NAME [command]",
        usage="task-router ssh [--router URL] [ssh options] NAME [command]",
    )
    ssh.add_argument("words", nargs=argparse.REMAINDER)
    config = add("config-ssh", "let ssh, scp, rsync, git, VS Code and others know tasks by name")
    config.add_argument("--remove", action="store_true", help="take out what this command wrote")
    forward = add("forward", "local ports that lead to a task")
    forward.add_argument("name", metavar="NAME", help="name, its beginning, or id")
    forward.add_argument(
        "ports", nargs="+", metavar="PORT[:LOCAL]", help="the task's port, or the name of the endpoint, and this computer's"
    )
    forward.add_argument("--pod", action="store_true", help="ports of a task of your own that it asked no endpoint for")
    token = add("token", "a token for one endpoint, for programs")
    token.add_argument("name", metavar="NAME")
    token.add_argument("--label", default="", help="what it is for")
    token.add_argument("--days", type=float, default=30.0, help="how long it holds, as long as your sign-in does; 30")
    tunnel = commands.add_parser("_tunnel", parents=[common])
    tunnel.add_argument("id")
    askpass = commands.add_parser("_askpass")
    askpass.add_argument("question")
    return top
