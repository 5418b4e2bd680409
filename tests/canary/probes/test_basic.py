"""A basic principal is sent as `Authorization: Basic` by every kind, and its evidence says so."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from canary.model import Credential, Principal, Status
from canary.probes.access import Case
from canary.probes.base.request import form_of
from tests.canary.support.servers import faults
from tests.canary.support.servers.faults import serving
from tests.canary.support.servers.toolbox import Bench, environment

PASSWORD = "Zq8-frost.Hollow"
SENT = "Basic " + base64.b64encode(f"ida:{PASSWORD}".encode()).decode()


class BasicBench(Bench):
    """A bench whose credentials are a user and a password."""

    def credential(self, name: str) -> Credential:
        return Credential.basic("ida", self.credentials[name])  # type: ignore[arg-type]


def listening(seen: list[str]) -> faults.Behaviour:
    """Answer 200 and keep what each request carried."""

    def behave(sock: Any) -> None:
        while head := faults.read_head(sock):
            lines = head.decode().split("\r\n")
            seen.extend(x.partition(": ")[2] for x in lines if x.startswith("Authorization"))
            shown = f"you are {SENT} with {PASSWORD}".encode()
            sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(shown) + shown)

    return behave


def bench(url: str) -> BasicBench:
    known = Principal(secret="canary/user", form="basic")
    where = environment(url, principals={"user": known, "valid": Principal(secret="k")})
    return BasicBench(environment=where, credentials={"user": PASSWORD})


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("endpoint", {"path": "/", "principal": "user", "status": (200,)}),
        ("access", {"cases": (Case(principal="user", status=(200,)),)}),
    ],
)
def test_the_header_of_an_endpoint_and_of_a_case(kind: str, spec: dict[str, Any]) -> None:
    seen: list[str] = []
    with serving(listening(seen)) as port:
        made = bench(f"http://127.0.0.1:{port}")
        assert made.run(kind, **spec) is Status.PASS
    (step,) = made.steps
    (shown,) = step.evidence
    assert seen == [SENT]
    assert (shown.header_form, shown.principal) == ("basic", "user")
    assert PASSWORD not in str(made.steps) and SENT[6:14] not in str(made.steps)


def test_registration_sends_it_with_every_request() -> None:
    seen: list[str] = []
    with serving(listening(seen)) as port:
        made = bench(f"http://127.0.0.1:{port}")
        made.run("registration", principal="user", base="", with_run=False)
    assert set(seen) == {SENT}


def test_only_what_names_no_form_of_its_own_is_the_principal_s() -> None:
    where = bench("http://127.0.0.1").environment
    forms = {(who, form): form_of(where, who, form) for who in ("user", "valid", "nobody", "")
             for form in ("bearer", "basic", "none")}  # fmt: skip
    assert {pair for pair, form in forms.items() if form != pair[1]} == {("user", "bearer")}
    assert forms["user", "bearer"] == "basic"
