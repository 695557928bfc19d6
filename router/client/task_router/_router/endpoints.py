"""The endpoints that this user may open, and which of them a word names."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Optional

from .api import Router
from .words import CommandError, plain

Kind = Literal["http", "tcp"]


@dataclass(frozen=True)
class Way:
    """One protocol of an endpoint."""

    state: str
    reason: Optional[str]
    url: Optional[str]
    """None where it is not open."""

    port: Optional[int]
    """The task's own; None where the router does not say."""


@dataclass(frozen=True)
class Endpoint:
    """A row of the router's listing."""

    id: str
    name: Optional[str]
    task_id: str
    task_name: str
    ways: Mapping[Kind, Way]
    level: str
    idle_since: Optional[str]
    alias: str
    """By which ssh knows it: letters, digits and hyphens, or its id, and nobody else's."""


def list_endpoints(listing: Mapping[str, Any]) -> list[Endpoint]:
    """Of an answer of /api/v1/routes."""
    rows = [row for row in listing.get("endpoints") or [] if isinstance(row, dict) and _ID.fullmatch(str(row.get("id")))]
    found = []
    for row, alias in zip(rows, _aliases(rows)):
        task = row.get("task") or {}
        ways = {kind: way for kind in _KINDS if (way := _way(kind, row.get(kind))) is not None}
        level = (row.get("access") or {}).get("level") or "-"
        idle = (row.get("idle") or {}).get("since")
        found.append(
            Endpoint(str(row["id"]), row.get("name"), str(task["id"]), str(task.get("name")), ways, str(level), idle, alias)
        )
    return found


_KINDS: tuple[Kind, ...] = ("http", "tcp")


def _way(kind: Kind, said: Any) -> Optional[Way]:
    if not isinstance(said, dict):
        return None
    url = (said.get("pathUrl") or said.get("url")) if kind == "http" else said.get("tunnelUrl")
    port = said.get("taskPort")
    return Way(str(said.get("state")), said.get("reason"), url, port if isinstance(port, int) else None)


# It stands in ssh's files and in command lines.
_ID = re.compile(r"[0-9a-f]{32}(?:__[A-Za-z0-9._-]{1,64})?")
_ENDS_AS_ID = re.compile(r".*-[0-9a-f]{8}")


def _aliases(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """One for each row. Those of one's own tasks alone may be without an id: somebody else's, called the same, would take the place
    of one that has ended. A task may be called what another's alias is, too: what ends like an id gets a part of its own."""
    slugs = [_slug(row) for row in rows]
    own = Counter(slug for row, slug in zip(rows, slugs) if _is_own(row) and _ENDS_AS_ID.fullmatch(slug) is None)
    found = [slug if _is_own(row) and own[slug] == 1 else f"{slug}-{row['id'][:8]}" for row, slug in zip(rows, slugs)]
    # Endpoints of one task whose names are the same to ssh.
    several = Counter(found)
    return [alias if several[alias] == 1 else str(row["id"]) for row, alias in zip(rows, found)]


def _is_own(row: Mapping[str, Any]) -> bool:
    return bool((row.get("access") or {}).get("by", "owner") == "owner")


def _slug(row: Mapping[str, Any]) -> str:
    """Of what a task is called, which may be any text, what can stand in ssh's files."""
    words = [str((row.get("task") or {}).get("name")), row.get("name") or ""]
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")[:48].rstrip("-")
    return slug if slug.startswith("task-") else f"task-{slug or str(row['id'])[:8]}"


def fetch(router: Router) -> list[Endpoint]:
    """:raises CommandError: as the router refuses."""
    return list_endpoints(router.get("/api/v1/routes"))


def matching(endpoints: Iterable[Endpoint], word: str) -> list[Endpoint]:
    """Those of that id, name or alias, else those of which it is a beginning. What is an id is no name: tasks may be called so."""
    endpoints = list(endpoints)
    if _ID.fullmatch(word):
        return [one for one in endpoints if word in (one.id, one.task_id)]
    known = [(one, (one.id, one.task_id, one.task_name, one.alias)) for one in endpoints]
    exact = [one for one, names in known if word in names]
    return exact or [one for one, names in known if word and any(name.lower().startswith(word.lower()) for name in names)]


def one_task(endpoints: Iterable[Endpoint], word: str) -> list[Endpoint]:
    """All that the word names, which are of one task.

    :raises CommandError: `no-such-task`, `ambiguous`.
    """
    found = matching(endpoints, word)
    if not found:
        raise CommandError("no-such-task", f"No running task with an endpoint for you is called {plain(word)}: task-router ls")
    if len({one.task_id for one in found}) > 1:
        raise _ambiguous(word, found)
    return found


def pick(endpoints: Iterable[Endpoint], word: str, kind: Kind, preferred: str = "") -> Endpoint:
    """The one endpoint of that kind which the word names.

    :param preferred: the endpoint's name that decides between several of one task.
    :raises CommandError: `no-such-task`, `ambiguous`, `not-listening`.
    """
    found = one_task(endpoints, word)
    fitting = [one for one in found if kind in one.ways]
    if not fitting:
        raise CommandError(
            "not-listening",
            f"The task {plain(found[0].task_name)} has asked for no {kind.upper()} endpoint. In its code: "
            f'task_router.expose(<port>, "{kind}"), or on the router\'s page "Ask for a running task".',
        )
    chosen = [one for one in fitting if one.name == preferred] if len(fitting) > 1 else fitting
    if len(chosen) != 1:
        raise _ambiguous(word, fitting)
    open_url(chosen[0], kind)
    return chosen[0]


def open_url(endpoint: Endpoint, kind: Kind) -> str:
    """:raises CommandError: `not-listening`, with the router's reason."""
    way = endpoint.ways[kind]
    if way.url is None:
        said = plain(way.reason or way.state)
        raise CommandError("not-listening", f"{plain(endpoint.task_name)} is not open by {kind.upper()}: {said}")
    return way.url


def _ambiguous(word: str, found: Iterable[Endpoint]) -> CommandError:
    lines = "".join(f"\n    {one.id}  {plain(one.task_name)}{f' / {plain(one.name)}' if one.name else ''}" for one in found)
    return CommandError("ambiguous", f"{plain(word)} names several; say which by its id:{lines}")
