"""The device flow, and the sign-in that is kept."""

import json
import os
import time
from pathlib import Path

import pytest
from task_router._command.main import run
from task_router._router import keyring, sign_ins
from task_router._router.sign_ins import SignIn

from stand_in import TOKEN, StandIn

CODE = "POST /api/v1/device/code"
POLL = "POST /api/v1/device/token"
SESSION = "/api/v1/session"


def begin(router: StandIn, expires_in: object = 600, interval: object = 0) -> None:
    answer = {
        "device_code": "dev-1",
        "user_code": "BCDF-GHJK",
        "verification_uri": f"{router.url}/device",
        "verification_uri_complete": f"{router.url}/device?code=BCDF-GHJK",
        "expires_in": expires_in,
        "interval": interval,
        "router": "9.9.9",
    }
    router.will(CODE, (200, answer))


def agreed() -> "tuple[int, object]":
    user = {"id": "u1", "name": "Al\x1b[31mice"}
    return 200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 86_400 * 30, "user": user, "router": "9.9.9"}


def oauth(error: str) -> "tuple[int, object]":
    return 400, {"error": error, "error_description": "words", "router": "9.9.9"}


def kept(router: StandIn, seconds: float = 86_400 * 9) -> None:
    sign_ins.keep(SignIn(router.url, "Alice", time.time() + seconds, TOKEN))


def test_signs_in_once_the_user_agreed(router: StandIn, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin(router)
    router.will(POLL, oauth("authorization_pending"), oauth("authorization_pending"), agreed())
    assert run(["login", router.url]) == 0
    said = capsys.readouterr()
    assert f"{router.url}/device" in said.err and "BCDF-GHJK" in said.err
    # Neither the token nor what a name would do to the terminal is shown.
    assert TOKEN not in said.err + said.out and "\x1b" not in said.err and "Al?[31mice" in said.err
    first = router.asked[0]
    assert first.form["client_id"] == "task-router" and first.form["label"]
    assert "Authorization" not in first.headers and first.headers["User-Agent"].startswith("task-router/")
    assert router.asked[-1].form == {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": "dev-1",
        "client_id": "task-router",
    }
    found = sign_ins.signed_in(None)
    assert (found.url, found.token, found.insecure_http) == (router.url, TOKEN, True)


def test_what_is_kept_is_for_its_user_alone(router: StandIn, home: Path) -> None:
    kept(router)
    folder = home / ".config" / "task-router"
    assert folder.stat().st_mode & 0o777 == 0o700
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
    file = next(folder.glob("sign-in-*.json"))
    file.chmod(0o640)
    assert run(["ls"]) == 1


def test_xdg_says_where_it_is_kept(router: StandIn, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "elsewhere"))
    kept(router)
    assert list((home / "elsewhere" / "task-router").glob("sign-in-*.json"))


def test_the_keyring_keeps_the_token_where_there_is_one(router: StandIn, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets: dict[tuple[str, str], str] = {}

    class Backend:
        priority = 5

    class Module:
        get_keyring = staticmethod(Backend)

        def set_password(self, service: str, user: str, secret: str) -> None:
            secrets[service, user] = secret

        def get_password(self, service: str, user: str) -> "str | None":
            return secrets.get((service, user))

        def delete_password(self, service: str, user: str) -> None:
            del secrets[service, user]

    monkeypatch.setattr(keyring, "import_module", lambda name: Module())
    kept(router)
    assert secrets == {("task-router", router.url): TOKEN}
    folder = home / ".config" / "task-router"
    assert not any(TOKEN in file.read_text() for file in folder.iterdir())
    assert sign_ins.signed_in(router.url).token == TOKEN
    router.will(f"DELETE {SESSION}", (204, None))
    assert run(["logout"]) == 0
    assert secrets == {}


def test_slow_down_makes_it_slower(router: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("task_router._command.login.time.sleep", slept.append)
    begin(router, interval=5)
    router.will(POLL, oauth("authorization_pending"), oauth("slow_down"), oauth("slow_down"), agreed())
    assert run(["login", router.url]) == 0
    assert slept == [5, 5, 10, 15]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("access_denied", "was refused on the router's page"),
        ("expired_token", "Nobody agreed in time"),
        ("invalid_request", "did not go on with the sign-in: words"),
    ],
)
def test_says_why_nobody_is_signed_in(router: StandIn, capsys: pytest.CaptureFixture[str], error: str, words: str) -> None:
    begin(router)
    router.will(POLL, oauth(error))
    assert run(["login", router.url]) == 1
    assert words in capsys.readouterr().err
    assert sign_ins.find(router.url) is None


def test_gives_up_when_the_code_has_expired(router: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    begin(router, expires_in=0)
    router.will(POLL, oauth("authorization_pending"))
    assert run(["login", router.url]) == 1
    assert "Nobody agreed in time" in capsys.readouterr().err


@pytest.mark.parametrize("odd", [-1, 1e12, float("nan"), float("inf"), "600", "soon", None, True, [600]])
def test_odd_times_are_told(router: StandIn, capsys: pytest.CaptureFixture[str], odd: object) -> None:
    begin(router, expires_in=odd)
    assert run(["login", router.url]) == 1
    assert "This is no answer of a router of tasks: expires_in is " in capsys.readouterr().err
    begin(router, interval=odd)
    assert run(["login", router.url]) == 1
    assert "This is no answer of a router of tasks: interval is " in capsys.readouterr().err
    begin(router)
    router.will(POLL, (200, {"access_token": TOKEN, "expires_in": odd}))
    assert run(["login", router.url]) == 1
    said = capsys.readouterr().err
    assert "expires_in is " in said and TOKEN not in said


@pytest.mark.parametrize("key", ["device_code", "user_code", "verification_uri", "access_token"])
@pytest.mark.parametrize("odd", [None, "", 7, {}, "a b", "a\r\nX-Evil: 1"])
def test_what_is_no_word_is_told(router: StandIn, capsys: pytest.CaptureFixture[str], key: str, odd: object) -> None:
    code = {"device_code": "dev-1", "user_code": "BCDF-GHJK", "verification_uri": f"{router.url}/device", "expires_in": 600}
    router.will(CODE, (200, {**code, "interval": 0, key: odd}))
    router.will(POLL, (200, {"access_token": TOKEN, "expires_in": 600, key: odd}))
    assert run(["login", router.url]) == 1
    assert f"{key} is not one word. Check the URL." in capsys.readouterr().err


def test_a_router_without_the_flow_is_told_with_both_versions(router: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["login", router.url]) == 1
    said = capsys.readouterr().err
    assert "knows no sign-in of computers" in said and "does not say its version" in said and "this is task-router" in said


def test_a_router_that_keeps_no_tokens_says_so_itself(router: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    router.will(CODE, (404, {"error": "device-sign-in-off", "detail": "That needs STATE_FILE.", "advice": "Ask."}))
    assert run(["login", router.url]) == 1
    assert "That needs STATE_FILE. Ask." in capsys.readouterr().err


def test_a_new_sign_in_revokes_the_one_before(router: StandIn) -> None:
    kept(router)
    begin(router)
    router.will(POLL, agreed())
    router.will(f"DELETE {SESSION}", (204, None))
    assert run(["login"]) == 0
    last = router.asked[-1]
    assert (last.method, last.path, last.headers["Authorization"]) == ("DELETE", SESSION, f"Bearer {TOKEN}")


def test_logout_revokes_and_forgets(router: StandIn, home: Path) -> None:
    kept(router)
    router.will(f"DELETE {SESSION}", (204, None))
    assert run(["logout"]) == 0
    assert router.asked[-1].headers["Authorization"] == f"Bearer {TOKEN}"
    assert list((home / ".config" / "task-router").iterdir()) == []


def test_status_tells_user_end_and_versions(router: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    kept(router)
    session = {"user": {"id": "u1", "name": "Alice"}, "label": "laptop", "expires_at": "2030-01-01T00:00:00Z", "router": "9.9.9"}
    router.will(f"GET {SESSION}", (200, session))
    assert run(["status"]) == 0
    said = capsys.readouterr().out
    for words in (f"router   {router.url}, version 9.9.9", "command  version", "Alice (u1)", "laptop", "2030-01-01T00:00:00Z"):
        assert words in said


def test_the_last_day_is_told(router: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    kept(router, seconds=7_300)
    router.will("GET /api/v1/routes", (200, {"endpoints": []}))
    assert run(["ls"]) == 0
    assert f"ends in 2 h; `task-router login {router.url}` renews it" in capsys.readouterr().err


def test_without_or_after_a_sign_in_it_says_what_to_type(router: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ls"]) == 1
    assert "Not signed in: task-router login https://<your router>" in capsys.readouterr().err
    kept(router, seconds=-1)
    assert run(["ls"]) == 1
    assert f"task-router login {router.url}" in capsys.readouterr().err
    kept(router)
    router.will("GET /api/v1/routes", (401, {"error": "no-credentials"}))
    assert run(["ls"]) == 1
    assert f"Not signed in at {router.url}, or no longer: task-router login {router.url}" in capsys.readouterr().err


def test_several_routers_the_last_is_the_default(home: Path) -> None:
    for host in ("one", "two"):
        sign_ins.keep(SignIn(f"https://{host}.example.com", "Alice", time.time() + 1e6, host))
    assert sign_ins.signed_in(None).token == "two"
    assert sign_ins.signed_in("one.example.com").token == "one"


def test_a_broken_file_is_told(router: StandIn, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept(router)
    next((home / ".config" / "task-router").glob("sign-in-*.json")).write_text(json.dumps({"url": 1}))
    assert run(["ls"]) == 1
    assert "is broken: task-router login" in capsys.readouterr().err


def test_ctrl_c_ends_without_a_traceback(
    router: StandIn, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("task_router._command.login.time.sleep", interrupted)
    begin(router)
    assert run(["login", router.url]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_nobody_there_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert os.environ["HOME"] == str(home)
    assert run(["login", "http://127.0.0.1:1"]) == 1
    assert "http://127.0.0.1:1 cannot be reached: " in capsys.readouterr().err
