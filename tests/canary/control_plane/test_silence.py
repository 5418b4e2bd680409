"""AWS is silent where each call got no answer and nothing at all was read."""

from __future__ import annotations

import pytest

from canary.control_plane.silence import aws_is_silent, is_silence
from canary.control_plane.state import HostAddress, PlatformState, Unavailable
from tests.canary.support import platforms as p


def call(code: str) -> Unavailable:
    return Unavailable(action="ecs:DescribeServices", resource="*", code=code, reason="r",
                       denied=False)  # fmt: skip


LOST = call("EndpointConnectionError")
SILENT = PlatformState(read_at="2026-11-22T12:00:00+00:00", unavailable=(LOST,), unread=("ways",),
                       bounds=("tasks",))  # fmt: skip


@pytest.mark.parametrize(
    ("code", "silence"),
    [
        ("ConnectTimeoutError", True), ("ReadTimeoutError", True), ("ConnectionClosedError", True),
        ("EndpointConnectionError", True), ("ConnectionError", True),
        ("AccessDenied", False), ("ThrottlingException", False), ("", False),
    ],
)  # fmt: skip
def test_a_call_without_an_answer(code: str, silence: bool) -> None:
    assert is_silence(call(code)) is silence
    assert aws_is_silent(p.replace(SILENT, unavailable=(call(code),))) is silence


@pytest.mark.parametrize(
    ("fields", "silent"),
    [
        ({}, True),
        ({"read_at": ""}, True),
        ({"unavailable": (LOST, call("ReadTimeoutError"))}, True),
        ({"unavailable": (LOST, call("AccessDenied"))}, False),  # AWS answered once
        ({"unavailable": ()}, False),
        ({"ecs_services": p.healthy().ecs_services}, False),  # something was read
        ({"bounds": (), "unread": ()}, True),
        ({"hosts": (HostAddress(host="a", addresses=(), balancer_addresses=(), error="x"),)}, True),
    ],
)
def test_only_silence_all_around_is_silence(fields: dict[str, object], silent: bool) -> None:
    assert aws_is_silent(p.replace(SILENT, **fields)) is silent
