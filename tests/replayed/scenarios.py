"""What may happen: the rows of the table."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from canary.model import Check, Config, Severity, Status
from tests.replayed.outcomes import Happens

START = 90
"""The minute of the replay in which an incident begins."""
IDENTITY_NEEDED = ("access", "registration", "proxy")
STATE = ("service_state", "target_group", "routing", "certificate", "tls")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One row: what happens, for how long, and how much longer it is watched."""

    name: str
    make: Callable[[Config], Happens]
    length: int
    after: int = 60  # minutes watched after the end


def _down(
    checks: Callable[[Check], bool],
    fails: Callable[[int, random.Random], bool],
    length: int,
    status: Status = Status.FAIL,
) -> Happens:
    """Return that checks have a status in minutes of an incident, each independently."""

    def finds(check: Check, minute: int, chance: random.Random) -> Status:
        during = START <= minute < START + length
        return status if during and checks(check) and fails(minute, chance) else Status.PASS

    return Happens(finds=finds, slow=lambda m: START <= m < START + length)


def _always(_minute: int, _chance: random.Random) -> bool:
    return True


def critical(check: Check) -> bool:
    """Return whether a check is critical."""
    return check.severity is Severity.CRITICAL


def _asks(service: str) -> Callable[[Check], bool]:
    """Return which checks fail while a service answers nothing: all that ask it."""

    def fails(check: Check) -> bool:
        if check.id.endswith((".certificate", ".certificate-expiry", ".certificate-renewal")):
            return False  # the balancer shows it
        if check.service == service:
            return True
        keyed = check.suite.value in ("authentication", "registration")
        proxied = "mlflow" in check.id or check.suite.value == "registration"
        return keyed if service == "auth" else proxied if service == "mlflow" else False

    return fails


def _one_of(ids: tuple[str, ...]) -> Callable[[Check], bool]:
    return lambda check: check.id in ids


def _outage(name: str, checks: Callable[[Check], bool], length: int) -> Scenario:
    return Scenario(name=name, make=lambda _: _down(checks, _always, length), length=length)


def _shares(name: str, checks: Callable[[Check], bool], share: float, length: int = 60) -> Scenario:
    """Return that each request of a check fails by itself with a probability."""

    def fails(_minute: int, chance: random.Random) -> bool:
        return chance.random() < share

    return Scenario(name=name, make=lambda _: _down(checks, fails, length), length=length)


def _runs(name: str, bad: int, of: int) -> Scenario:
    """Return that `bad` of `of` runs fail, all checks of the registry together, for an hour."""

    def fails(minute: int, _chance: random.Random) -> bool:
        return (minute - START) % of < bad

    return Scenario(name=name, make=lambda _: _down(_asks("registry"), fails, 60), length=60)


def _slowly(name: str) -> Scenario:
    def fails(minute: int, chance: random.Random) -> bool:
        return chance.random() < (minute - START) / 120

    return Scenario(name=name, make=lambda _: _down(_asks("registry"), fails, 120), length=120)


def _lost_store(name: str) -> Scenario:
    def make(_: Config) -> Happens:
        happens = _down(_asks("registry"), _always, 20)
        lost = range(START - 30, START + 60)
        return Happens(finds=happens.finds, slow=happens.slow, store_lost=lost.__contains__)

    return Scenario(name=name, make=make, length=20)


def _announced(name: str, before: int) -> Scenario:
    """Return that the registry is down while a deployment is announced that never ends."""

    def make(_: Config) -> Happens:
        happens = _down(_asks("registry"), _always, 40)
        begin = START - before
        return Happens(finds=happens.finds, slow=happens.slow, deploying=lambda m: m >= begin)

    return Scenario(name=name, make=make, length=40)


def _dead(name: str) -> Scenario:
    def make(_: Config) -> Happens:
        silent = range(START, START + 30)
        return Happens(finds=lambda *_: Status.PASS, runs=lambda m: m not in silent)

    return Scenario(name=name, make=make, length=30)


def _skipped(name: str, checks: Callable[[Check], bool]) -> Scenario:
    return Scenario(name=name, make=lambda _: _down(checks, _always, 60, Status.SKIP), length=60)


def one_check_down(check: str) -> Scenario:
    """Return that one check fails in each run for half an hour."""
    return _outage(f"{check} down", _one_of((check,)), 30)


def noise(p: float) -> Happens:
    """Return that each check fails by itself in each run with a probability."""
    return Happens(finds=lambda _c, _m, chance: Status.FAIL if chance.random() < p else Status.PASS)


SCENARIOS: tuple[Scenario, ...] = (
    _outage("auth down", _asks("auth"), 20),
    _outage("registry down", _asks("registry"), 20),
    _outage("MLflow down", _asks("mlflow"), 20),
    _outage("registration alone", _one_of(("registration.model",)), 30),
    _shares("one of three targets", _asks("registry"), 1 / 3),
    _runs("2 of 3 runs down", 2, 3),
    _runs("1 of 2 runs down", 1, 2),
    _slowly("slow degradation"),
    _skipped("all critical skipped", critical),
    _skipped("one critical skipped", _one_of(("registry.mlflow-proxy",))),
    _lost_store("registry down, store lost"),
    _announced("registry down, deployment announced 5 minutes before", 5),
    _announced("registry down, deployment announced for 70 minutes", 70),
    _dead("canary dead"),
)
BY_NAME = {s.name: s for s in SCENARIOS}
