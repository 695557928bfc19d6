"""Where a router finds this task: its own address, and the port under which that is reached."""

import ipaddress
import os
from typing import Optional

from clearml.utilities.networking import get_private_ip

from ._errors import TaskRouterError

# The agent's own variable; `Task.request_external_endpoint` reads it too.
HOST_ADDRESS = "CLEARML_AGENT_HOST_IP"


def own_address() -> str:
    """The address that the agent gives, which with Docker is its host's; else the machine's own, which in a pod is the pod's.

    :raises TaskRouterError: `no-address`.
    """
    given = os.environ.get(HOST_ADDRESS, "").strip()
    try:
        address = given or str(get_private_ip())
        own = ipaddress.ip_address(address)
    except Exception as error:
        raise TaskRouterError(
            "no-address",
            f"This machine's address is not known ({error}). Set {HOST_ADDRESS} to an IP that the router reaches.",
        ) from error
    if not given and (own.is_loopback or own.is_link_local or own.is_unspecified):
        raise TaskRouterError(
            "no-address", f"This machine has no address but {own}. Set {HOST_ADDRESS} to an IP that the router reaches."
        )
    return address


def host_port(port: int, mapping: Optional[str]) -> int:
    """The port of the agent's host that leads to `port`, by `_external_host_tcp_port_mapping`: `10100-10199:8000-8099,...`.

    A port that no range holds stays as it is, as with the SDK.
    """
    for ranges in (mapping or "").split(","):
        outer, colon, inner = ranges.partition(":")
        try:
            first_outer = int(outer.split("-")[0])
            bounds = [int(bound) for bound in inner.split("-")]
        except ValueError:
            continue
        if colon and bounds[0] <= port <= bounds[-1]:
            return first_outer + port - bounds[0]
    return port
