"""What ssh is told, what it is answered, and what is written into its config."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Optional

import pytest
from task_router._command.askpass import ASKED_OF
from task_router._command.main import run
from task_router._command.ssh import split_words
from task_router._router import sign_ins
from task_router._router.sign_ins import SignIn
from task_router._router.words import CommandError

from stand_in import OTHER, TASK, TOKEN, StandIn, endpoint, way

SSH = f"GET /api/v1/endpoints/{TASK}/ssh"
PASSWORD = "pass word'\"$x"

# Stands in for ssh: says what it was started with, and asks for a password as ssh does.
FAKE_SSH = f"""#!{sys.executable}
import json, os, subprocess, sys
out = {{"argv": sys.argv[1:], "environment": dict(os.environ)}}
if "SSH_ASKPASS" in os.environ:
    ask = lambda question: subprocess.run([os.environ["SSH_ASKPASS"], question], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
        start_new_session=True)
    out["answers"] = [ask(q).stdout.decode() for q in ("root@task-router-{TASK}'s password: ", "(root@{TASK}) Password: ")]
    out["script"] = open(os.environ["SSH_ASKPASS"]).read()
json.dump(out, open(os.environ["FAKE_OUT"], "w"))
sys.exit(int(os.environ.get("FAKE_STATUS", "0")))
"""


@pytest.fixture
def signed_in(router: StandIn, home: Path) -> StandIn:
    sign_ins.keep(SignIn(router.url, "Alice", time.time() + 1e6, TOKEN))
    rows = [
        endpoint(TASK, "Train: ResNet", tcp=way("ws://127.0.0.1/a/")),
        endpoint(OTHER, "x\nHost *", tcp=way("ws://127.0.0.1/b/")),
    ]
    router.will("GET /api/v1/routes", (200, {"endpoints": rows}))
    return router


@pytest.fixture
def fake_ssh(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    folder = home / "bin"
    folder.mkdir()
    (folder / "ssh").write_text(FAKE_SSH)
    (folder / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_OUT", str(home / "out.json"))

    def read() -> Any:
        import json

        return json.loads((home / "out.json").read_text())

    return read


@pytest.mark.parametrize(
    ("words", "options", "name", "command"),
    [
        (["t"], [], "t", []),
        (["t", "ls", "-l"], [], "t", ["ls", "-l"]),
        (["-v", "-L", "1:localhost:2", "root@t"], ["-v", "-L", "1:localhost:2"], "root@t", []),
        (["-vL", "1:localhost:2", "t"], ["-vL", "1:localhost:2"], "t", []),
        (["-L1:localhost:2", "t"], ["-L1:localhost:2"], "t", []),
        (["-oUser=me", "--", "t", "--", "x"], ["-oUser=me"], "t", ["--", "x"]),
    ],
)
def test_words_are_read_as_ssh_reads_them(words: list[str], options: list[str], name: str, command: list[str]) -> None:
    assert split_words(words) == (options, name, command)


def test_ssh_without_a_name_is_told() -> None:
    with pytest.raises(CommandError, match="Which task"):
        split_words(["-v", "-L", "1:localhost:2"])


def test_ssh_goes_through_the_tunnel_and_knows_hosts_by_task(signed_in: StandIn, fake_ssh: Any, home: Path) -> None:
    assert run(["ssh", "-v", "train", "echo", "-n"]) == 0
    argv = fake_ssh()["argv"]
    assert argv[0] == "-v"
    assert f"HostKeyAlias=task-router-{TASK}" in argv
    assert f'UserKnownHostsFile="{home}/.config/task-router/known_hosts"' in argv
    assert "StrictHostKeyChecking=accept-new" in argv
    proxy = next(word for word in argv if word.startswith("ProxyCommand="))
    assert proxy.endswith(f"_tunnel --router {signed_in.url} {TASK}")
    assert argv[-6:] == ["-l", "root", "--", TASK, "echo", "-n"]
    assert "SSH_ASKPASS_REQUIRE" not in fake_ssh()["environment"]


def test_ssh_goes_on_without_a_password_that_the_router_refuses_now(
    signed_in: StandIn, fake_ssh: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in.will(SSH, (429, {"error": "rate-limited", "detail": "Too often.", "advice": "Wait."}))
    assert run(["ssh", "train"]) == 0
    assert "SSH_ASKPASS" not in fake_ssh()["environment"]
    assert "task-router: Too often. Wait.\n" in capsys.readouterr().err


def test_the_status_of_ssh_is_passed_on(signed_in: StandIn, fake_ssh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_STATUS", "42")
    assert run(["ssh", "train", "x"]) == 42
    assert run(["ssh", "nothing"]) == 255


def test_the_password_goes_into_sshs_pipe_alone(
    signed_in: StandIn, fake_ssh: Any, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    signed_in.will(SSH, (200, {"user": "dev", "password": PASSWORD, "router": "9"}))
    assert run(["ssh", "train", "x"]) == 0
    seen = fake_ssh()
    assert seen["answers"] == [f"{PASSWORD}\n"] * 2
    assert seen["argv"][-5:-3] == ["-l", "dev"] or seen["argv"][-7:] == [
        "-l",
        "dev",
        "-o",
        "NumberOfPasswordPrompts=1",
        "--",
        TASK,
        "x",
    ]
    for place in (str(seen["argv"]), str(seen["environment"]), seen["script"], *capfd.readouterr()):
        assert "pass word" not in place and TOKEN not in place
    # Nothing of it stays on the disk: the script, which never held it, is gone too.
    assert not os.path.exists(seen["environment"]["SSH_ASKPASS"])
    texts = [file.read_bytes() for file in home.rglob("*") if file.is_file() and file.name != "out.json"]
    assert not any(b"pass word" in text for text in texts)


@pytest.mark.parametrize("user", ["-oProxyCommand=x", "a b", "a\nb", "", 7, "ü"])
def test_a_user_name_that_is_none_is_not_taken(signed_in: StandIn, fake_ssh: Any, user: Any) -> None:
    signed_in.will(SSH, (200, {"user": user, "router": "9"}))
    assert run(["ssh", "train"]) == 0
    assert fake_ssh()["argv"][-4:] == ["-l", "root", "--", TASK]


@pytest.mark.parametrize(
    "question",
    [
        "Enter passphrase for key '/home/me/password: ': ",
        "Are you sure? ",
        "password",
        "One-time code: ",
        "me@jump.example.com's password: ",
        "(me@jump.example.com) Password: ",
    ],
)
def test_other_questions_are_not_answered_with_it(
    signed_in: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], question: str
) -> None:
    signed_in.will(SSH, (200, {"password": PASSWORD}))
    monkeypatch.setenv(ASKED_OF, f"{signed_in.url} {TASK}")
    monkeypatch.setattr("task_router._command.askpass.getpass.getpass", lambda asked: "typed")
    assert run(["_askpass", "--", question]) == 0
    assert capsys.readouterr().out == "typed\n"


def config(home: Path) -> Path:
    return home / ".ssh" / "config"


def bytes_of(path: Path) -> Optional[bytes]:
    return path.read_bytes() if path.exists() else None


@pytest.mark.parametrize("before", [None, b"Host a\n    User b", b"\r\nHost \xff\r\n"])
def test_the_config_is_included_once_and_taken_out_exactly(signed_in: StandIn, home: Path, before: Optional[bytes]) -> None:
    if before is not None:
        config(home).parent.mkdir(mode=0o700)
        config(home).write_bytes(before)
        config(home).chmod(0o644)
    for _ in range(2):
        assert run(["config-ssh"]) == 0
    line = f'Include "{home}/.ssh/task-router.config"\n'.encode()
    assert config(home).read_bytes() == line + (before or b"")
    assert config(home).stat().st_mode & 0o777 == (0o600 if before is None else 0o644)
    assert (home / ".ssh").stat().st_mode & 0o777 == 0o700
    own = home / ".ssh" / "task-router.config"
    assert own.stat().st_mode & 0o777 == 0o600
    assert run(["config-ssh", "--remove"]) == 0
    assert bytes_of(config(home)) == before
    assert not own.exists()


def test_a_config_that_is_a_link_stays_one(signed_in: StandIn, home: Path) -> None:
    kept = home / "dotfiles"
    kept.mkdir()
    (kept / "ssh").write_bytes(b"Host a\n")
    config(home).parent.mkdir(mode=0o700)
    config(home).symlink_to(kept / "ssh")
    assert run(["config-ssh"]) == 0
    assert config(home).is_symlink()
    assert (kept / "ssh").read_bytes().endswith(b"Host a\n") and b"Include" in (kept / "ssh").read_bytes()
    assert run(["config-ssh", "--remove"]) == 0
    assert config(home).is_symlink() and (kept / "ssh").read_bytes() == b"Host a\n"


def resolved(home: Path, host: str) -> dict[str, str]:
    """As the real ssh reads it."""
    said = subprocess.run(["ssh", "-G", "-F", str(config(home)), host], check=True, stdout=subprocess.PIPE).stdout.decode()
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)


def test_the_real_ssh_understands_it_whatever_a_task_is_called(signed_in: StandIn, home: Path) -> None:
    assert run(["config-ssh"]) == 0
    found = resolved(home, "task-train-resnet")
    assert (found["hostname"], found["user"]) == (TASK, "root")
    assert found["hostkeyalias"] == f"task-router-{TASK}"
    assert found["userknownhostsfile"] == f"{home}/.config/task-router/known_hosts"
    assert found["proxycommand"].endswith(f"_tunnel --router {signed_in.url} {TASK}")
    assert resolved(home, "task-x-host")["hostname"] == OTHER
    # A line of a task's name is none of the config's.
    assert "proxycommand" not in resolved(home, "elsewhere.example.com")


def test_whoever_sees_the_list_writes_the_file_anew(signed_in: StandIn, home: Path) -> None:
    own = home / ".ssh" / "task-router.config"
    signed_in.will("GET /api/v1/routes", (200, {"endpoints": []}))
    assert run(["ls"]) == 0
    assert not own.exists()
    assert run(["config-ssh"]) == 0
    signed_in.will("GET /api/v1/routes", (200, {"endpoints": [endpoint(TASK, "new", tcp=way("ws://127.0.0.1/a/"))]}))
    assert run(["ls"]) == 0
    assert b"Host task-new " in own.read_bytes()
