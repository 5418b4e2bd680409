"""What the one secret of all principals costs and may be read as."""

from __future__ import annotations

import msgspec

from canary.config import load
from canary.deployment.counts import counted
from canary.deployment.permissions import rows, secret_names
from canary.model import Config, Principal

ONE = "hokusai/canary/development"


def shipped(**principals: Principal) -> Config:
    config = load("development", authoring=False)
    file = config.environment
    where = msgspec.structs.replace(file, principals={**file.principals, **principals})
    return msgspec.structs.replace(config, environment=where)


def readable(config: Config) -> list[str]:
    return [
        r.resource.rpartition(":secret:")[2]
        for r in rows(config)
        if r.action == "secretsmanager:GetSecretValue"
    ]


def test_all_principals_of_the_shipped_file_are_one_secret_that_may_be_read() -> None:
    config = shipped()
    assert secret_names(config) == [ONE]
    assert readable(config) == [f"{ONE}-??????"]
    assert counted(config).secrets == 1


def test_a_principal_with_a_secret_of_its_own_costs_one_more() -> None:
    config = shipped(valid=Principal(secret="canary/own"))
    assert secret_names(config) == ["canary/own", ONE]
    assert readable(config) == ["canary/own-??????", f"{ONE}-??????"]
    assert counted(config).secrets == 2


def test_the_secret_goes_with_its_last_principal() -> None:
    every = shipped().environment.principals
    config = shipped(**{n: Principal(secret=f"canary/{n}") for n in every})
    assert ONE not in secret_names(config)
    assert counted(config).secrets == len(secret_names(config)) == len(readable(config)) > 2
