"""Signing in by the device flow of RFC 8628, signing out, and how it stands."""

import os
import re
import socket
import sys
import time
import webbrowser
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Optional

from .._router import sign_ins
from .._router.api import Router, refusal
from .._router.router_url import place_of, router_url
from .._router.sign_ins import SignIn
from .._router.words import CommandError, own_version, plain, say, too_old

CLIENT_ID = "task-router"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
# RFC 8628, section 3.5: what `slow_down` adds.
SLOWER_SECONDS = 5.0
# Ten years: no sign-in and no pause is longer.
LONGEST_SECONDS = 3_653 * 86_400


def login(named: Optional[str], insecure_http: bool, browser: bool) -> int:
    """:raises CommandError: where nobody agreed in time."""
    text = named or sign_ins.default_url()
    if text is None:
        raise CommandError("bad-argument", "Which router? task-router login https://<your router>")
    before = sign_ins.find(text)
    url = router_url(text, insecure_http or (before is not None and before.insecure_http))
    router = Router(url)
    answer = router.ask("POST", "/api/v1/device/code", form={"client_id": CLIENT_ID, "label": socket.gethostname()[:100]})
    code = answer.data
    if answer.status == 429:
        raise CommandError("refused", f"Too many sign-ins were begun at {url}; try again in {plain(answer.retry_after)} s.")
    if answer.status in (404, 405) and code.get("error") in (None, "not-found", "method-not-allowed"):
        raise too_old(url, code.get("router"), "knows no sign-in of computers")
    if answer.status != 200:
        raise refusal(url, answer.status, code)
    _show(url, code, browser)
    said = _wait(router, code)
    user = said.get("user")
    name = plain(user.get("name")) if isinstance(user, dict) else "?"
    expires_at = time.time() + _seconds(said, "expires_in")
    sign_ins.keep(SignIn(url, name, expires_at, _text(said, "access_token"), insecure_http=url.startswith("http://")))
    if before is not None and before.token:
        # The one that it takes the place of would else live on, unused.
        before.router().ask("DELETE", "/api/v1/session")
    say(f"signed in at {url} as {name}, until {_day(expires_at)}.")
    return 0


def _show(url: str, code: Mapping[str, Any], browser: bool) -> None:
    address, user_code = _text(code, "verification_uri"), _text(code, "user_code")
    page = str(code.get("verification_uri_complete") or address)
    # Only what is of this router is opened without being read first.
    opened = place_of(page) == place_of(url) and browser and _has_browser() and webbrowser.open(page)
    say("agree in the browser that was opened." if opened else "open this page in a browser, on any computer, and agree:")
    print(f"\n    {plain(page if opened else address)}\n", file=sys.stderr)
    print(f"    It has to show this code:  {plain(user_code)}\n", file=sys.stderr, flush=True)


def _has_browser() -> bool:
    """Over ssh a browser would open on the wrong computer, or in the terminal."""
    if "SSH_CONNECTION" in os.environ:
        return False
    return sys.platform in ("darwin", "win32") or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _seconds(said: Mapping[str, Any], key: str) -> float:
    value = said.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < LONGEST_SECONDS:
        raise _odd(key, value)
    return float(value)


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    # It goes into headers and forms. What stands there instead may be a part of a secret.
    if not isinstance(value, str) or re.fullmatch(r"[!-~]+", value) is None:
        raise _odd(key, "not one word")
    return value


def _odd(key: str, value: object) -> CommandError:
    return CommandError("sign-in-failed", f"This is no answer of a router of tasks: {key} is {plain(value)[:40]}. Check the URL.")


def _wait(router: Router, code: Mapping[str, Any]) -> Mapping[str, Any]:
    """Asks until the user has agreed or refused, never faster than it was told to."""
    interval = _seconds({"interval": 5, **code}, "interval")
    deadline = time.monotonic() + _seconds(code, "expires_in")
    form = {"grant_type": GRANT, "device_code": _text(code, "device_code"), "client_id": CLIENT_ID}
    say("waiting for your consent; Ctrl-C gives up.")
    while time.monotonic() < deadline:
        time.sleep(interval)
        try:
            answer = router.ask("POST", "/api/v1/device/token", form=form)
        except CommandError as error:
            if error.code != "unreachable":
                raise
            # RFC 8628, section 3.5: more slowly where nobody answers.
            interval *= 2
            say(f"{error} Trying on.")
            continue
        error_code = answer.data.get("error")
        if answer.status == 200 and "access_token" in answer.data:
            return answer.data
        if error_code == "slow_down":
            interval += SLOWER_SECONDS
        elif error_code == "access_denied":
            raise CommandError("sign-in-failed", "The sign-in was refused on the router's page.")
        elif error_code == "expired_token":
            break
        elif error_code != "authorization_pending" and answer.status not in (429, 502, 503, 504):
            said = plain(answer.data.get("error_description") or answer.data.get("detail") or f"status {answer.status}")
            raise CommandError("sign-in-failed", f"The router did not go on with the sign-in: {said}")
    raise CommandError("sign-in-failed", "Nobody agreed in time. Try again: task-router login")


def logout(named: Optional[str]) -> int:
    """Revokes the token at the router and forgets it here. Where the router is away it is forgotten all the same, and said so."""
    sign_in = sign_ins.find(named)
    if sign_in is None:
        say("not signed in.")
        return 0
    try:
        answer = sign_in.router().ask("DELETE", "/api/v1/session")
        if answer.status not in (204, 401):
            raise refusal(sign_in.url, answer.status, answer.data)
    finally:
        sign_ins.forget(sign_in.url)
        say(f"signed out at {sign_in.url}.")
    return 0


def status(named: Optional[str]) -> int:
    """Who is signed in where, as the router says it."""
    sign_in = sign_ins.signed_in(named)
    answer = sign_in.router().ask("GET", "/api/v1/session")
    if answer.status == 404:
        raise too_old(sign_in.url, answer.data.get("router"), "tells no sign-ins of computers")
    if answer.status != 200:
        raise refusal(sign_in.url, answer.status, answer.data)
    session = answer.data
    user = session.get("user")
    user = user if isinstance(user, dict) else {}
    print(f"router   {sign_in.url}, version {plain(session.get('router') or 'unknown')}")
    print(f"command  version {own_version()}")
    print(f"user     {plain(user.get('name'))} ({plain(user.get('id'))})")
    print(f"label    {plain(session.get('label') or '-')}")
    until = plain(session.get("expires_at") or _day(sign_in.expires_at))
    print(f"until    {until}")
    return 0


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M %Z")
