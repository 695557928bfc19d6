"""The sign-ins that this computer keeps: one file a router, and the name of the last one."""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Optional

from . import keyring
from .api import Router, not_signed_in
from .private_files import private_folder, read_private, write_whole
from .router_url import router_url
from .words import CommandError, say

DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class SignIn:
    """A router, and the right to ask it in its user's name."""

    url: str
    user: str
    expires_at: float
    """Seconds since 1970."""

    token: str
    insecure_http: bool = False
    """Its user was told that all who carry the connection can read it."""

    def router(self) -> Router:
        return Router(self.url, self.token)


def own_folder() -> Path:
    """By the XDG base directories; %APPDATA% on Windows."""
    base = os.environ.get("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".config") / "task-router"


def _file(url: str) -> Path:
    return own_folder() / f"sign-in-{hashlib.sha256(url.encode()).hexdigest()[:16]}.json"


def keep(sign_in: SignIn) -> None:
    """In place of an earlier one at this router, and as the default from now on."""
    private_folder(own_folder())
    stored = replace(sign_in, token="") if keyring.keep(sign_in.url, sign_in.token) else sign_in
    write_whole(_file(sign_in.url), json.dumps(asdict(stored)).encode())
    write_whole(own_folder() / "default", sign_in.url.encode())


def forget(url: str) -> None:
    """The file goes, and what the keyring has of it."""
    keyring.forget(url)
    for path in (_file(url), own_folder() / "default"):
        if path.name != "default" or read_private(path) == url.encode():
            path.unlink(missing_ok=True)


def find(named: Optional[str]) -> Optional[SignIn]:
    """The sign-in at the router of that URL, or at the last one; None where there is none.

    :raises CommandError: `local`, for a file that others can read or nobody understands.
    """
    url = default_url() if named is None else router_url(named, insecure_http=True)
    data = None if url is None else read_private(_file(url))
    if url is None or data is None:
        return None
    try:
        stored = SignIn(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise CommandError("local", f"{_file(url)} is broken: task-router login {url}") from error
    return stored if stored.token else replace(stored, token=keyring.kept(url) or "")


def default_url() -> Optional[str]:
    """The router of the last sign-in."""
    found = read_private(own_folder() / "default")
    return None if found is None else found.decode()


def signed_in(named: Optional[str]) -> SignIn:
    """As `find`; says so where it is about to end.

    :raises CommandError: `not-signed-in` too, where there is none or it is over.
    """
    sign_in = find(named)
    if sign_in is None:
        if named is None:
            raise CommandError("not-signed-in", "Not signed in: task-router login https://<your router>")
        raise not_signed_in(router_url(named, insecure_http=True))
    # Somebody else may have written the file that names it.
    router_url(sign_in.url, sign_in.insecure_http)
    left = sign_in.expires_at - time.time()
    if left <= 0 or not sign_in.token:
        raise not_signed_in(sign_in.url)
    if left < DAY_SECONDS:
        say(f"the sign-in at {sign_in.url} ends in {int(left / 3600)} h; `task-router login {sign_in.url}` renews it.")
    return sign_in
