"""A balancer process under test: one balancer, whatever rules and targets a test wants."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from emulator.balancer.process import Balancer

BALANCER = "arn:balancer"
ADDRESS = "10.0.103.77"
TARGET = "10.0.1.10"
PAGE_502 = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
_numbers = itertools.count(1)
Json = dict[str, Any]


class Got(NamedTuple):
    """An answer as a client sees it."""

    status: int
    headers: dict[str, str]
    body: bytes


def group(*targets: Json, **changes: Any) -> Json:
    """Return a target group with an ARN of its own, so that no verdict is left from another."""
    arn = f"arn:group/{next(_numbers)}"
    check = {
        "protocol": "HTTP",
        "port": "traffic-port",
        "path": "/health",
        "interval_s": 3,
        "timeout_s": 0.5,
        "healthy": 2,
        "unhealthy": 2,
        "matcher": "200",
        **changes.pop("check", {}),
    }
    plain = {"arn": arn, "name": arn, "protocol": "HTTP", "port": 80, "in_use": True}
    return {**plain, "attributes": {}, "targets": list(targets), "health_check": check, **changes}


def target(port: int, address: str = TARGET, reachable: bool = True, **more: Any) -> Json:
    """Return a target; its address is the VPC's."""
    return {"id": address, "port": port, "reachable": {BALANCER: reachable}, **more}


def forward(*groups: Json) -> Json:
    """Return an action that forwards to one group, or to several with equal weights."""
    if len(groups) == 1:
        return {"Type": "forward", "TargetGroupArn": groups[0]["arn"]}
    weighted = [{"TargetGroupArn": one["arn"], "Weight": 1} for one in groups]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}


def fixed_response(text: str, status: str = "200", kind: str = "text/plain") -> Json:
    """Return an action that answers with a text."""
    config = {"StatusCode": status, "ContentType": kind, "MessageBody": text}
    return {"Type": "fixed-response", "FixedResponseConfig": config}


def rule(priority: str, action: Json, *paths: str) -> Json:
    """Return a rule on paths, or the default rule."""
    conditions = [{"Field": "path-pattern", "Values": list(paths)}] if paths else []
    name = f"arn:rule/{priority}"
    return {"arn": name, "priority": priority, "conditions": conditions, "actions": [action]}


def listener(*rules: Json, port: int = 80, protocol: str = "HTTP", **more: Any) -> Json:
    """Return a listener."""
    plain = {"arn": f"arn:listener/{port}", "port": port, "protocol": protocol}
    return {**plain, "rules": list(rules), **more}


class Rig:
    """The process, what it said, and ways to speak to it."""

    def __init__(self, folder: Path) -> None:
        self.records: list[Json] = []
        self.verdicts: list[Json] = []
        self.judged: list[Json] = []
        self.balancer = Balancer(
            folder, self.verdicts.append, self.records.append, self.judged.append
        )
        self.snapshot: Json = {}

    def show(
        self,
        *listeners: Json,
        groups: list[Json] | None = None,
        web_acl: Json | None = None,
        **attributes: Any,
    ) -> None:
        """Publish listeners of the one balancer and wait until they are served."""
        one = {"arn": BALANCER, "name": "lb", "address": ADDRESS, "attributes": attributes}
        self.snapshot = {
            "version": 1,
            "speed": 30.0,
            "connect_timeout_s": 0.4,
            "balancers": [{**one, "web_acl": web_acl, "listeners": list(listeners)}],
            "target_groups": groups or [],
        }
        self.balancer.publish(self.snapshot)
        assert self.balancer.applied()

    def forward_to(self, *targets: Json, wait: str | None = "healthy", **changes: Any) -> Json:
        """Forward everything to new targets, and wait until each has a state."""
        attributes = changes.pop("attributes", {})
        one = group(*targets, **changes)
        self.show(listener(rule("default", forward(one))), groups=[one], **attributes)
        if wait:
            for each in targets:
                self.until(wait, each["port"])
        return one

    def verdict(self, port: int) -> Json | None:
        """Return the last verdict on a target by its port."""
        return next((one for one in reversed(self.verdicts) if one["port"] == port), None)

    def until(self, state: str, port: int, timeout_s: float = 6.0) -> Json:
        """Wait until a target has a state and return the verdict."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            last = self.verdict(port)
            if last is not None and last["state"] == state:
                return last
            time.sleep(0.01)
        raise AssertionError(f"{port} is {self.verdict(port)}, not {state}")

    def edge(self, port: int = 80) -> tuple[str, int]:
        """Return where a listener is served."""
        return self.balancer.edge_ports[(BALANCER, port)]

    def get(
        self,
        path: str = "/",
        method: str = "GET",
        body: Any = None,
        port: int = 80,
        **headers: str,
    ) -> Got:
        """Ask once over a connection of its own."""
        connection = http.client.HTTPConnection(*self.edge(port), timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(connection):
            connection.request(method, path, body, {"Host": "registry.hokus.ai", **named})
            response = connection.getresponse()
            return Got(response.status, dict(response.getheaders()), response.read())

    def raw(self, data: bytes, port: int = 80) -> bytes:
        """Send bytes and return all that comes back until the balancer closes."""
        with socket.create_connection(self.edge(port), timeout=10) as plug:
            plug.sendall(data)
            whole = b""
            while piece := plug.recv(65536):
                whole += piece
            return whole

    def last_record(self, path: str) -> Json:
        """Return the access record of a path, which may come a moment after the answer."""
        end = time.monotonic() + 3
        while time.monotonic() < end:
            for one in reversed(self.records):
                if one["path"] == path:
                    return one
            time.sleep(0.01)
        raise AssertionError(f"no record of {path}")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Rig]:
    """Run a balancer for as long as it is needed."""
    rig = Rig(folder)
    rig.balancer.start()
    try:
        yield rig
    finally:
        rig.balancer.stop()
