"""Where a router is told to find the task."""

from typing import Optional

import pytest
from task_router import TaskRouterError, _where


@pytest.mark.parametrize(
    ("mapping", "port", "expected"),
    [
        (None, 8000, 8000),
        ("10100-10199:8000-8099", 8000, 10100),
        ("10100-10199:8000-8099", 8099, 10199),
        ("10100-10199:8000-8099", 8100, 8100),
        ("10022:22,10100-10199:8000-8099", 22, 10022),
        ("nonsense,10022:22", 22, 10022),
    ],
)
def test_a_docker_agents_mapping_leads_to_the_port(mapping: Optional[str], port: int, expected: int) -> None:
    assert _where.host_port(port, mapping) == expected


def test_the_agents_word_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARML_AGENT_HOST_IP", "192.0.2.7")
    assert _where.own_address() == "192.0.2.7"


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.1.1", "0.0.0.0", "", "here"])
def test_a_machine_without_an_address_is_told_so(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.delenv("CLEARML_AGENT_HOST_IP", raising=False)
    monkeypatch.setattr(_where, "get_private_ip", lambda: address)
    with pytest.raises(TaskRouterError, match="Set CLEARML_AGENT_HOST_IP") as raised:
        _where.own_address()
    assert raised.value.code == "no-address"
