"""What is written into a runtime, and what is read from it."""

from typing import Any, Optional

import pytest
from task_router._runtime import Ask, access_in, names_that_ask

HTTP = Ask("http", None, "10.0.0.7", 8888)
TCP = Ask("tcp", "ssh", "10.0.0.7", 22)
TCP_ANSWER = {
    "external_address__ssh": "tcp.example.com",
    "external_tcp_port__ssh": "10022",
    "upstream_task_port__ssh": "22",
    "upstream_task_address__ssh": "10.0.0.7",
    "router_tcp_answer__ssh": "tcp.example.com:10022",
    "_SERVICE__ssh": "EXTERNAL_TCP",
}


def test_an_ask_keeps_all_other_keys_and_drops_its_own_old_answer() -> None:
    before = {"mine": 1, "endpoint": "old", "browser_endpoint": "old", "endpoint__b": "kept", "_SERVICE": "X"}
    assert HTTP.added_to(before) == {
        "mine": 1,
        "endpoint__b": "kept",
        "_SERVICE": "EXTERNAL",
        "_ADDRESS": "10.0.0.7",
        "_PORT": 8888,
    }


def test_both_spellings_of_a_withdrawn_endpoint_go() -> None:
    before = {**TCP.added_to({}), "external_tcp_port%_%_ssh": "10022", "router_tcp_stamp__ssh": "x", "mine": 1}
    assert TCP.taken_from(before) == {"mine": 1}


def test_the_other_protocol_of_the_same_name_stays() -> None:
    both = TCP._replace(protocol="http").added_to(TCP.added_to({}))
    assert both["_SERVICE__ssh"] == "EXTERNAL"
    assert TCP._replace(protocol="http").taken_from(both) == TCP.added_to({})


def test_a_tcp_answer_is_told_from_the_ask() -> None:
    asked = TCP.added_to({})
    assert (TCP.stands_in(asked), TCP.answered_in(asked), TCP.lost_from(asked)) == (True, False, False)
    assert (TCP.stands_in(TCP_ANSWER), TCP.answered_in(TCP_ANSWER)) == (True, True)
    # Values come as text from some writers.
    assert TCP.stands_in({key: str(value) for key, value in asked.items()})


def test_an_answer_to_another_address_is_asked_over() -> None:
    moved = TCP._replace(address="10.0.0.8")
    assert not moved.stands_in(TCP_ANSWER)
    assert not moved.answered_in(moved.added_to(TCP_ANSWER))
    # The vendor's router keeps no address: nothing tells whose answer it is.
    assert not TCP.stands_in({key: value for key, value in TCP_ANSWER.items() if not key.startswith("upstream_task_address")})


def test_an_ask_that_was_overwritten_is_lost() -> None:
    assert TCP.lost_from({})
    assert HTTP.lost_from({**HTTP.added_to({}), "_PORT": 1})
    assert TCP.lost_from({**TCP_ANSWER, "upstream_task_port__ssh": "23"})


def test_access_is_written_with_the_ask_and_taken_back_by_the_next_without() -> None:
    narrow = HTTP._replace(access="owner").added_to({"router_access__b": "people"})
    assert narrow == {**HTTP.added_to({}), "router_access": "owner", "router_access__b": "people"}
    assert HTTP._replace(access="visible").narrowed(narrow)["router_access"] == "visible"
    assert HTTP.narrowed(narrow) == HTTP.added_to({"router_access__b": "people"})


def test_both_spellings_of_access_are_taken_back() -> None:
    left = {"router_access__ssh": "owner", "router_access%_%_ssh": "owner", "mine": 1}
    assert TCP.added_to(left) == {**TCP.added_to({}), "mine": 1}
    assert TCP._replace(access="people").narrowed(left) == {"mine": 1, "router_access__ssh": "people"}
    assert TCP.taken_from({**TCP.added_to({}), **left}) == {"mine": 1}


def test_access_that_the_other_protocol_of_the_name_needs_stays() -> None:
    web = TCP._replace(protocol="http")
    both = web.added_to(TCP._replace(access="owner").added_to({}))
    assert both["router_access__ssh"] == "owner"
    assert web.taken_from(both) == TCP._replace(access="owner").added_to({})
    assert "router_access__ssh" not in TCP.narrowed(web.taken_from(both))
    assert web._replace(access="visible").narrowed(both)["router_access__ssh"] == "visible"


@pytest.mark.parametrize(
    ("runtime", "name", "expected"),
    [
        ({}, None, None),
        ({"router_access": "people"}, None, "people"),
        ({"router_access": "people"}, "b", None),
        ({"router_access__b": "visible"}, "b", "visible"),
        ({"router_access%_%_b": "owner"}, "b", "owner"),
        ({"router_access%_%_b": "owner", "router_access__b": "visible"}, "b", "owner"),
        ({"router_access%_%_a%2Eb%%": "owner"}, "a.b%", "owner"),
        ({"router_access": "everybody"}, None, None),
        ({"router_access": {"owner": 1}}, None, None),
    ],
)
def test_access_is_read_in_both_spellings(runtime: Any, name: Optional[str], expected: Optional[str]) -> None:
    assert access_in(runtime, name) == expected


def test_names_come_unnamed_first() -> None:
    runtime = {"_PORT__b": 1, "_PORT__a": 2, "_PORT": 3, "_PORT__gone": "", "_PORTS": 4}
    assert names_that_ask(runtime, "http") == [None, "a", "b"]
    assert names_that_ask(runtime, "tcp") == []


def test_a_health_path_stands_beside_the_ask_and_goes_with_it() -> None:
    named = HTTP._replace(name="web", health_path="/health")
    asked = named.added_to({"mine": 1, "router_health_path": "/other"})
    assert asked["router_health_path__web"] == "/health"
    assert asked["router_health_path"] == "/other"
    assert "router_health_path__web" not in named._replace(health_path=None).worded(asked)
    assert named._replace(protocol="tcp", health_path=None).worded(asked) == asked
    assert named.taken_from({**asked, "router_health_path%_%_web": "/x"}) == {"mine": 1, "router_health_path": "/other"}


def test_a_kept_prefix_stands_beside_the_ask_and_goes_with_it() -> None:
    named = HTTP._replace(name="web", keep_prefix=True)
    asked = named.added_to({"mine": 1, "router_keep_prefix": "true"})
    assert asked["router_keep_prefix__web"] == "true"
    assert "router_keep_prefix__web" not in named._replace(keep_prefix=False).worded(asked)
    assert named.taken_from({**asked, "router_keep_prefix%_%_web": "true"}) == {"mine": 1, "router_keep_prefix": "true"}


def test_a_scheme_stands_beside_the_ask_and_goes_with_it() -> None:
    named = HTTP._replace(name="web", scheme="https")
    asked = named.added_to({"mine": 1, "router_scheme": "https"})
    assert asked["router_scheme__web"] == "https"
    assert "router_scheme__web" not in named._replace(scheme="http").worded(asked)
    assert named.taken_from({**asked, "router_scheme%_%_web": "https"}) == {"mine": 1, "router_scheme": "https"}
