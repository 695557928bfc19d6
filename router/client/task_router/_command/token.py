"""`task-router token`: an endpoint token for a program."""

import socket

from .._router.api import refusal
from .._router.endpoints import Kind, fetch, one_task, open_url
from .._router.sign_ins import SignIn
from .._router.words import CommandError, plain, say, too_old

LONGEST_DAYS = 3660


def token(sign_in: SignIn, name: str, label: str, days: float) -> int:
    """The token alone goes to standard output; how it is used, beside it."""
    if not 0 < days <= LONGEST_DAYS:
        raise CommandError("bad-argument", f"--days takes a number above 0, up to {LONGEST_DAYS}.")
    router = sign_in.router()
    found = one_task(fetch(router), name)
    fitting = [one for one in found if "http" in one.ways] or found
    if len(fitting) > 1:
        listed = ", ".join(one.id for one in fitting)
        raise CommandError("ambiguous", f"{plain(name)} has several endpoints; say which by its id: {listed}")
    endpoint = fitting[0]
    wish = {
        "endpoint": endpoint.id,
        "label": label or f"task-router at {socket.gethostname()}"[:100],
        "expires_in": int(days * 86_400),
    }
    answer = router.ask("POST", "/api/v1/endpoint-tokens", body=wish)
    if answer.status == 404 and answer.data.get("error") is None:
        raise too_old(sign_in.url, None, "makes no endpoint tokens")
    if answer.status != 201:
        raise refusal(sign_in.url, answer.status, answer.data)
    kind: Kind = "http" if "http" in endpoint.ways else "tcp"
    url = open_url(endpoint, kind)
    until = plain(answer.data.get("expires"))
    say(f"for {plain(endpoint.task_name)} alone, until {until}; revoke it on the router's page. Use it so:")
    protocol = "" if kind == "http" else " (TCP over WebSocket, sub-protocol tcp.task-traffic-router)"
    say(f'curl -H "Authorization: Bearer $TASK_TOKEN" {url}{protocol}')
    print(plain(answer.data.get("token")))
    return 0
