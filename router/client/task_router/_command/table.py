"""`task-router ls`."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from .._router.endpoints import Endpoint, list_endpoints
from .._router.sign_ins import SignIn
from .._router.words import plain
from .ssh_config import refresh

_STATES = {"failing": "does not answer", "waiting": "not yet listening"}


def ls(sign_in: SignIn, as_json: bool) -> int:
    """A table for people, or the rows as the router gives them."""
    listing = sign_in.router().get("/api/v1/routes")
    endpoints = list_endpoints(listing)
    refresh(sign_in, endpoints)
    if as_json:
        print(json.dumps({"router": sign_in.url, "endpoints": listing.get("endpoints", [])}, indent=2))
        return 0
    rows = [["NAME", "STATE", "KIND", "LEVEL", "IDLE", "ID"], *(_row(one) for one in endpoints)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    if listing.get("stale"):
        print("ClearML did not answer the router's last look: this may be old.")
    return 0


def _row(one: Endpoint) -> Sequence[str]:
    name = plain(one.task_name) + (f" / {plain(one.name)}" if one.name else "")
    return [name, _state(one), "+".join(one.ways), plain(one.level), _since(one.idle_since), one.id]


def _state(one: Endpoint) -> str:
    states: Mapping[str, str] = {kind: _STATES.get(way.state, plain(way.state)) for kind, way in one.ways.items()}
    if len(set(states.values())) == 1:
        return next(iter(states.values()))
    return ", ".join(f"{kind} {state}" for kind, state in states.items())


def _since(instant: Any) -> str:
    if not isinstance(instant, str):
        return "-"
    try:
        began = datetime.fromisoformat(instant.replace("Z", "+00:00"))
    except ValueError:
        return "-"
    minutes = int((datetime.now(timezone.utc) - began).total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
