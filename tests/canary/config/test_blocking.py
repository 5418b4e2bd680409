"""`load`: the cadence of a blocking check, and which needs are a light check before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from canary import config
from canary.config.blocking import problems
from canary.model import Check, Load, Severity, Suite
from canary.probes import KINDS
from canary.probes.certificate import CertificateSpec
from canary.probes.ecs_service import EcsServiceSpec
from canary.probes.endpoint import EndpointSpec

BLOCK = """[[check]]
id = "auth.document"
title = "It holds"
kind = "endpoint"
suite = "endpoints"
service = "auth"
severity = "low"
runbook = "docs/operations.md"
needs = ["auth.light"]
{more}
[check.spec]
path = "/"
"""


@pytest.mark.parametrize(
    ("more", "every"),
    [
        ("", 60),
        ('load = "light"', 60),
        ('load = "blocking"', 300),
        ('load = "blocking"\nevery = 60', 60),
        ('load = "blocking"\nevery = 900', 900),
        ("every = 900", 900),
    ],
)
def test_a_blocking_check_is_asked_every_five_minutes_unless_it_says_otherwise(
    more: str, every: int, tmp_path: Path
) -> None:
    file = tmp_path / "some.toml"
    file.write_text(BLOCK.format(more=more))
    found: list[str] = []
    (source,) = config.check_file(file, KINDS, found)
    assert (source.check.every, found) == (every, [])


def check(name: str, kind: str, spec: object, load: Load = Load.LIGHT, *needs: str) -> Check:
    return Check(
        id=f"api.{name}",
        title="It holds",
        kind=kind,
        suite=Suite.ENDPOINTS,
        service="api",
        severity=Severity.HIGH,
        runbook="docs/operations.md",
        load=load,
        needs=needs,
        spec=spec,
    )


LIGHT = check("light", "endpoint", EndpointSpec(path="/light"))
CERTIFICATE = check("certificate", "certificate", CertificateSpec())
TASKS = check("tasks", "ecs_service", EcsServiceSpec())
OTHER = check("other", "endpoint", EndpointSpec(path="/other"), Load.BLOCKING, "api.light")
KNOWN = {c.id: c for c in (LIGHT, CERTIFICATE, TASKS, OTHER)}


@pytest.mark.parametrize(
    ("needs", "keys"),
    [
        (("api.light",), []),
        (("api.certificate", "api.tasks", "api.light"), []),
        ((), ["needs"]),
        (("api.certificate",), ["needs"]),  # the balancer answers it, and not the service
        (("api.tasks",), ["needs"]),  # sends nothing to the platform
        (("api.other",), ["needs", "needs"]),
        (("api.light", "api.other"), ["needs"]),
        (("api.nowhere",), ["needs"]),
    ],
)
def test_a_need_must_be_light_and_ask_the_service(needs: tuple[str, ...], keys: list[str]) -> None:
    made = check("document", "endpoint", EndpointSpec(path="/document"), Load.BLOCKING, *needs)
    assert [p.partition(":")[0] for p in problems(made, KNOWN, KINDS)] == keys


def test_a_light_check_may_need_anything_that_is_asked_in_every_run() -> None:
    made = check("leaf", "endpoint", EndpointSpec(path="/leaf"), Load.LIGHT, *KNOWN)
    assert list(problems(made, KNOWN, KINDS)) == [
        "needs: api.other is blocking and not asked in every run, no check can wait for it"
    ]
