"""What is written into a runtime, and what is read from it."""

from task_router._runtime import Ask, names_that_ask

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


def test_names_come_unnamed_first() -> None:
    runtime = {"_PORT__b": 1, "_PORT__a": 2, "_PORT": 3, "_PORT__gone": "", "_PORTS": 4}
    assert names_that_ask(runtime, "http") == [None, "a", "b"]
    assert names_that_ask(runtime, "tcp") == []
