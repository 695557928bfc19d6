"""The runtime properties by which a task asks and a router answers: those of `Task.request_external_endpoint` of clearml 2.1."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Optional

from ._endpoint import Access, Protocol, Scheme

Runtime = Mapping[str, Any]

SERVICES: Mapping[Protocol, str] = {"http": "EXTERNAL", "tcp": "EXTERNAL_TCP"}
PORT_KEYS: Mapping[Protocol, str] = {"http": "_PORT", "tcp": "external_tcp_port"}

# What a router writes. The TCP answer also overwrites the address and port of the ask.
ANSWER_KEYS: Mapping[Protocol, tuple[str, ...]] = {
    "http": ("endpoint", "browser_endpoint", "router_http_stamp"),
    "tcp": ("upstream_task_address", "router_tcp_answer", "router_tcp_stamp"),
}
ASK_KEYS: Mapping[Protocol, tuple[str, ...]] = {
    "http": (
        "_ADDRESS",
        "_PORT",
        "_ROUTER_ENDPOINT_MODE",
        "_ROUTER_ENDPOINT_MODE_PARAM",
        "router_health_path",
        "router_keep_prefix",
        "router_scheme",
    ),
    "tcp": ("external_address", "external_tcp_port", "upstream_task_port"),
}


# The narrowest first. A router takes the narrower of this and its own rules: a task cannot widen who may.
ACCESSES: tuple[Access, ...] = ("owner", "people", "visible")
ACCESS_KEY = "router_access"
HEALTH_KEY = "router_health_path"
KEEP_KEY = "router_keep_prefix"
SCHEME_KEY = "router_scheme"
SCHEMES: tuple[Scheme, ...] = ("http", "https")


def key_of(base: str, name: Optional[str]) -> str:
    """All keys of one named endpoint end in its name."""
    return base if name is None else f"{base}__{name}"


def text(runtime: Runtime, base: str, name: Optional[str]) -> str:
    """Values come as text or as numbers; empty where there is none."""
    value = runtime.get(key_of(base, name))
    return "" if value is None else str(value)


def names_that_ask(runtime: Runtime, protocol: Protocol) -> list[Optional[str]]:
    """The unnamed endpoint first, then the others by name."""
    base = PORT_KEYS[protocol]
    named = sorted(key[len(base) + 2 :] for key in runtime if key.startswith(f"{base}__"))
    return ([None] if text(runtime, base, None) else []) + [name for name in named if text(runtime, base, name)]


def access_in(runtime: Runtime, name: Optional[str]) -> Optional[Access]:
    """The narrowest that either spelling of the key says; None where it says nothing that a router knows."""
    said = [runtime.get(spelling) for spelling in _spellings(key_of(ACCESS_KEY, name))]
    return next((access for access in ACCESSES if access in said), None)


class Ask(NamedTuple):
    """Where a task listens, under which name it asks, to whom it narrows the endpoint, and what tells whether it is well."""

    protocol: Protocol
    name: Optional[str]
    address: str
    port: int
    access: Optional[Access] = None
    health_path: Optional[str] = None
    keep_prefix: bool = False
    scheme: Scheme = "http"

    def stands_in(self, runtime: Runtime) -> bool:
        """Whether this very ask stands there, or an answer that is known to be to it: nothing has to be written."""
        if self.protocol == "http" or self.lost_from(runtime) or not self.answered_in(runtime):
            return not self.lost_from(runtime)
        return text(runtime, "upstream_task_address", self.name) == self.address

    def lost_from(self, runtime: Runtime) -> bool:
        """Whether somebody's older copy of the dictionary was written over the ask."""
        if self.protocol == "http":
            standing = (text(runtime, "_ADDRESS", self.name), text(runtime, "_PORT", self.name))
            return standing != (self.address, str(self.port))
        # The answer stands where the ask did; `upstream_task_port` says the same in both.
        here = all(text(runtime, base, self.name) for base in ("external_address", "external_tcp_port"))
        return not here or text(runtime, "upstream_task_port", self.name) != str(self.port)

    def answered_in(self, runtime: Runtime) -> bool:
        """A TCP answer is told from the ask, which stands under the same keys, by differing from it."""
        if self.protocol == "http":
            return bool(text(runtime, "endpoint", self.name) or text(runtime, "browser_endpoint", self.name))
        standing = (text(runtime, "external_address", self.name), text(runtime, "external_tcp_port", self.name))
        return all(standing) and standing != (self.address, str(self.port))

    def added_to(self, runtime: Runtime) -> dict[str, Any]:
        """The dictionary with this ask; older answers go, so that the next one is known to be an answer to it."""
        asked = {
            "http": {"_ADDRESS": self.address, "_PORT": self.port},
            "tcp": {
                "external_address": self.address,
                "external_tcp_port": self.port,
                "upstream_task_port": self.port,
            },
        }[self.protocol]
        kept = _without(runtime, self.name, ANSWER_KEYS[self.protocol][:2])
        named = {key_of(base, self.name): value for base, value in asked.items()}
        return self.worded({**kept, key_of("_SERVICE", self.name): SERVICES[self.protocol], **named})

    def worded(self, runtime: Runtime) -> dict[str, Any]:
        """The dictionary with what this ask says beside its port, in place of an earlier one."""
        narrowed = self.narrowed(runtime)
        if self.protocol == "tcp":
            return narrowed
        words = {
            HEALTH_KEY: self.health_path,
            KEEP_KEY: "true" if self.keep_prefix else None,
            SCHEME_KEY: "https" if self.scheme == "https" else None,
        }
        kept = _without(narrowed, self.name, tuple(words))
        return {**kept, **{key_of(base, self.name): word for base, word in words.items() if word is not None}}

    def narrowed(self, runtime: Runtime) -> dict[str, Any]:
        """The dictionary with this ask's access in place of an earlier one.

        Without access an earlier one goes, but not where the other protocol of the same name is asked for: who may reach that is
        not widened in passing.
        """
        if self.access is None and text(runtime, PORT_KEYS[self._other()], self.name):
            return dict(runtime)
        kept = _without(runtime, self.name, (ACCESS_KEY,))
        return kept if self.access is None else {**kept, key_of(ACCESS_KEY, self.name): self.access}

    def taken_from(self, runtime: Runtime) -> dict[str, Any]:
        """The dictionary without this ask and its answer. What the other protocol of the same name shares with it stays."""
        kept = _without(runtime, self.name, ASK_KEYS[self.protocol] + ANSWER_KEYS[self.protocol])
        other = self._other()
        if text(kept, PORT_KEYS[other], self.name):
            return {**kept, key_of("_SERVICE", self.name): SERVICES[other]}
        return _without(kept, self.name, ("_SERVICE", "router_name", ACCESS_KEY))

    def _other(self) -> Protocol:
        return "tcp" if self.protocol == "http" else "http"


def _spellings(key: str) -> Iterator[str]:
    """`tasks.edit_runtime` of the open-source server 2.3 stores a key escaped, as it escapes names of hyperparameters."""
    yield key
    escaped = key.replace("%", "%%").replace(".", "%2E").replace("$", "%24").replace("__", "%_%_")
    yield f"%_{escaped[1:]}" if escaped.startswith("_") else escaped


def _without(runtime: Runtime, name: Optional[str], bases: tuple[str, ...]) -> dict[str, Any]:
    gone = {spelling for base in bases for spelling in _spellings(key_of(base, name))}
    return {key: value for key, value in runtime.items() if key not in gone}
