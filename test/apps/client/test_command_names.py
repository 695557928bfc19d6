"""How routers and tasks are named, and what a table of them shows."""

import time
from pathlib import Path
from typing import Any

import pytest
from task_router._command.main import run
from task_router._router import sign_ins
from task_router._router.endpoints import list_endpoints, pick
from task_router._router.router_url import router_url
from task_router._router.sign_ins import SignIn
from task_router._router.words import CommandError, plain

from stand_in import OTHER, TASK, TOKEN, StandIn, endpoint, way


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("tasks.example.com", "https://tasks.example.com"),
        ("https://Tasks.Example.com:443/", "https://tasks.example.com"),
        ("https://tasks.example.com:8443", "https://tasks.example.com:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_a_router_has_one_spelling(typed: str, url: str) -> None:
    assert router_url(typed, insecure_http=False) == url


@pytest.mark.parametrize(
    "typed",
    [
        "http://tasks.example.com",
        "http://127.0.0.1.example.com",
        "https://tasks.example.com/service",
        "https://me:secret@tasks.example.com",
        "ftp://tasks.example.com",
        "https://",
        "https://tasks.example.com:99999",
        "-oProxyCommand=x",
        "https://a b",
    ],
)
def test_what_is_no_router_is_refused(typed: str) -> None:
    with pytest.raises(CommandError) as raised:
        router_url(typed, insecure_http=False)
    assert raised.value.code == "bad-argument"
    assert "secret" not in str(raised.value)


def test_plain_http_has_to_be_asked_for() -> None:
    with pytest.raises(CommandError, match="--insecure-http"):
        router_url("http://tasks.example.com", insecure_http=False)
    assert router_url("http://tasks.example.com", insecure_http=True) == "http://tasks.example.com"


def test_a_kept_router_of_plain_http_was_asked_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sign_ins.keep(SignIn("http://tasks.example.com", "Alice", time.time() + 1e6, TOKEN))
    assert run(["ls"]) == 1
    assert "is not encrypted" in capsys.readouterr().err


def test_text_of_others_does_not_speak_to_the_terminal() -> None:
    assert plain("a\x1b[2Jb\nc\u202ed\x9be") == "a?[2Jb?c?d?e"


LISTING: dict[str, Any] = {
    "endpoints": [
        endpoint(TASK, "Train: ResNet", tcp=way("wss://t.example.com/a/")),
        endpoint(OTHER, "train\n    ProxyCommand evil", "ssh", tcp=way("wss://t.example.com/b/")),
        endpoint(OTHER, "train\n    ProxyCommand evil", "db", tcp=way(None, state="refused", reason="Its \x1baddress.")),
        endpoint("a" * 32, "Web", http=way("https://t.example.com/c/")),
        endpoint("b" * 32, "Web", http=way("https://t.example.com/d/")),
    ]
}


def test_aliases_are_words_that_ssh_knows_and_nobody_elses() -> None:
    assert [one.alias for one in list_endpoints(LISTING)] == [
        "task-train-resnet",
        "task-train-proxycommand-evil-ssh",
        "task-train-proxycommand-evil-db",
        "task-web-aaaaaaaa",
        "task-web-bbbbbbbb",
    ]


def test_no_task_takes_the_alias_of_another_by_its_name() -> None:
    rows = [
        endpoint("a" * 32, "Web", tcp=way("wss://t.example.com/a/")),
        endpoint("b" * 32, "Web", tcp=way("wss://t.example.com/b/")),
        endpoint("c" * 32, "web-aaaaaaaa", tcp=way("wss://t.example.com/c/")),
        endpoint(TASK, "long " * 12, "ssh", tcp=way("wss://t.example.com/d/")),
        endpoint(TASK, "long " * 12, "db", tcp=way("wss://t.example.com/e/")),
    ]
    aliases = [one.alias for one in list_endpoints({"endpoints": rows})]
    assert aliases[:3] == ["task-web-aaaaaaaa", "task-web-bbbbbbbb", "task-web-aaaaaaaa-cccccccc"]
    assert aliases[3:] == [f"{TASK}__ssh", f"{TASK}__db"]


def test_somebody_elses_task_has_no_alias_that_one_of_ones_own_may_have_had() -> None:
    others = endpoint("b" * 32, "Train", tcp=way("wss://t.example.com/b/"))
    others["access"] = {"level": "visible", "by": "level"}
    mine = endpoint("a" * 32, "Train", tcp=way("wss://t.example.com/a/"))
    mine["access"] = {"level": "visible", "by": "owner"}
    for rows, aliases in [([others], ["task-train-bbbbbbbb"]), ([others, mine], ["task-train-bbbbbbbb", "task-train"])]:
        assert [one.alias for one in list_endpoints({"endpoints": rows})] == aliases


def test_an_id_is_nobodys_name() -> None:
    rows = [
        endpoint(TASK, "mine", tcp=way("wss://t.example.com/a/")),
        endpoint(OTHER, TASK, tcp=way("wss://t.example.com/b/")),
        endpoint("c" * 32, "a" * 32, tcp=way("wss://t.example.com/c/")),
    ]
    endpoints = list_endpoints({"endpoints": rows})
    assert pick(endpoints, TASK, "tcp").id == TASK
    with pytest.raises(CommandError) as raised:
        pick(endpoints, "a" * 32, "tcp")
    assert raised.value.code == "no-such-task"


def test_a_row_whose_id_is_none_is_no_endpoint() -> None:
    rows = [endpoint(f"{TASK}\n    ProxyCommand evil", "x", tcp=way("wss://t.example.com/a/"))]
    rows[0]["id"] = f"{TASK}\n    ProxyCommand evil"
    assert list_endpoints({"endpoints": rows}) == []


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Train: ResNet", TASK),
        ("TRAIN: r", TASK),
        (TASK, TASK),
        (TASK[:4], TASK),
        ("task-train-resnet", TASK),
        (OTHER, f"{OTHER}__ssh"),
        (f"{OTHER}__ssh", f"{OTHER}__ssh"),
    ],
)
def test_a_task_is_named_by_name_beginning_id_or_alias(word: str, found: str) -> None:
    assert pick(list_endpoints(LISTING), word, "tcp", preferred="ssh").id == found


@pytest.mark.parametrize(
    ("word", "code", "words"),
    [
        ("nothing", "no-such-task", "task-router ls"),
        ("", "no-such-task", "task-router ls"),
        ("train", "ambiguous", f"{TASK}  Train: ResNet\n"),
        ("a" * 32, "not-listening", "has asked for no TCP endpoint"),
        (f"{OTHER}__db", "not-listening", "is not open by TCP: Its ?address."),
    ],
)
def test_says_why_there_is_none(word: str, code: str, words: str) -> None:
    with pytest.raises(CommandError) as raised:
        pick(list_endpoints(LISTING), word, "tcp", preferred="ssh")
    assert raised.value.code == code
    assert words in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_ls_is_a_table_or_json(router: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    sign_ins.keep(SignIn(router.url, "Alice", time.time() + 1e6, TOKEN))
    router.will("GET /api/v1/routes", (200, LISTING))
    assert run(["ls"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "KIND", "LEVEL", "IDLE", "ID"]
    assert lines[1].split() == ["Train:", "ResNet", "open", "tcp", "owner", "-", TASK]
    assert len(lines) == 6
    assert run(["ls", "--json"]) == 0
    assert '"router": "http://127.0.0.1' in capsys.readouterr().out


@pytest.mark.parametrize("days", ["0", "-1", "1e300", "nan", "inf"])
def test_days_that_are_no_time_are_told(router: StandIn, capsys: pytest.CaptureFixture[str], days: str) -> None:
    sign_ins.keep(SignIn(router.url, "Alice", time.time() + 1e6, TOKEN))
    assert run(["token", "a" * 32, f"--days={days}"]) == 1
    assert "--days takes a number above 0, up to 3660." in capsys.readouterr().err
    assert router.asked == []


def test_a_token_goes_to_the_output_alone(router: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    sign_ins.keep(SignIn(router.url, "Alice", time.time() + 1e6, TOKEN))
    router.will("GET /api/v1/routes", (200, LISTING))
    router.will("POST /api/v1/endpoint-tokens", (201, {"token": "tre_x", "expires": "2030-01-01T00:00:00Z"}))
    assert run(["token", "a" * 32, "--label", "cron", "--days", "1"]) == 0
    assert router.asked[-1].body == {"endpoint": "a" * 32, "label": "cron", "expires_in": 86_400}
    said = capsys.readouterr()
    assert said.out == "tre_x\n"
    assert 'curl -H "Authorization: Bearer $TASK_TOKEN" https://t.example.com/c/' in said.err
    assert "tre_x" not in said.err
