"""A listener's doors: one for each client that the account names, and one for its own VPC."""

from __future__ import annotations

import contextlib
import http.client
import socket

import pytest

from tests.emulator.support.balancer_rig import BALANCER, Rig, fixed_response, listener, rule

SHUT = {"name": "internet", "admitted": False}


def test_a_client_with_a_door_of_its_own_is_let_in_and_seen_apart(rig: Rig) -> None:
    seen = {"Field": "source-ip", "SourceIpConfig": {"Values": ["198.51.100.0/24"]}}
    own = {**rule("1", fixed_response("office")), "conditions": [seen]}
    rules = [own, rule("default", fixed_response("other"))]
    office = {"name": "office", "address": "198.51.100.7"}
    rig.show(listener(*rules, doors=[SHUT, office]))
    doors = rig.balancer.doors[(BALANCER, 80)]
    assert sorted(doors) == ["inside", "internet", "office"] and doors["internet"] == rig.edge()
    for name, body in (("office", b"office"), ("inside", b"other")):
        with contextlib.closing(http.client.HTTPConnection(*doors[name], timeout=5)) as asking:
            asking.request("GET", "/")
            assert asking.getresponse().read() == body
        assert rig.balancer.port_of(doors[name]) == 80
        assert rig.balancer.inside(doors[name]) == doors["inside"]
    with pytest.raises(TimeoutError):
        socket.create_connection(rig.edge(), timeout=0.3)
    assert rig.balancer.port_of(("127.0.0.1", 1)) is None
