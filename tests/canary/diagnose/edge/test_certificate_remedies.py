"""Which certificate comes back, and whether it takes the default's place or stands beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.control_plane.state import Certificate, PlatformState
from canary.diagnose.core.case import Case
from canary.diagnose.edge.certificate_remedies import (
    has_ended,
    mend_chain,
    serve_another,
    served_before,
)
from tests.canary.support import platforms as p
from tests.canary.support.routed import BALANCER, ENVIRONMENT, HEALTHY, PLAIN, SECURE, case

HOST, OTHER = "registry.hokus.ai", "mlflow.hokus.ai"
TWO_HOSTS = p.replace(ENVIRONMENT, services={
    **ENVIRONMENT.services,
    "mlflow": p.replace(ENVIRONMENT.services["mlflow"], url=f"https://{OTHER}"),
})  # fmt: skip
REQUEST = f"Request a certificate for {HOST} in ACM, or mend the validation of its renewal."


def until(days: float) -> str:
    return (p.NOW + dt.timedelta(days=days)).isoformat()


def cert(name: str, days: float = 90, domain: str = "*.hokus.ai", **more: Any) -> Certificate:
    arn = p.certificate_arn(p.Names()).replace("good", name)
    known = {"type": "AMAZON_ISSUED", "status": "ISSUED", "not_after": until(days)}
    return Certificate(arn=arn, domain=domain, **{**known, **more})


def served(*held: Certificate, also: tuple[Certificate, ...] = (), **more: Any) -> PlatformState:
    """Return the platform whose registry serves certificates, the first of them by default."""
    listener = p.replace(SECURE, certificates=tuple(c.arn for c in held), **more)
    state = p.replace(HEALTHY, certificates=(*held, *also))
    return p.change(state, "load_balancers", BALANCER.arn, listeners=(PLAIN, listener))


def done(
    now: PlatformState,
    of: Certificate | None,
    before: PlatformState | None = None,
    cause: str = "certificate-expired",
    **more: Any,
) -> tuple[str, str]:
    """Return the command's operation and the certificate that it names, else the decision."""
    found = serve_another(case(now, before, **more), "registry", cause, of)
    if not found.fix:
        assert found.summary == REQUEST
        return "", found.decision
    (command,) = found.fix
    (named,) = [c for c in now.certificates if f'"{c.arn}"' in command]
    assert found.summary == f"Serve the valid certificate {named.arn}."
    return command.split()[2], named.arn.rpartition("/")[2]


@pytest.mark.parametrize(
    ("end", "ended"), [(until(0), True), (until(-1), True), (until(0.001), False), ("", False)]
)
def test_a_certificate_has_ended_at_its_end(end: str, ended: bool) -> None:
    assert has_ended(case(), cert("a", not_after=end)) is ended


def test_what_was_served_is_what_the_listener_had_while_all_was_well() -> None:
    a, b = cert("a"), cert("b")
    assert served_before(case(served(a)), "registry") == ()
    assert served_before(case(served(a), served(b, a)), "registry") == (b.arn, a.arn)
    gone = p.replace(served(b), load_balancers=())
    assert served_before(case(served(a), gone), "registry") == ()


# --- which one


def test_the_one_before_comes_back_else_the_longest_that_acm_renews() -> None:
    old, short, long = cert("old", -1), cert("short", 30), cert("long", 300)
    now = served(old, also=(short, long))
    assert done(now, old) == ("modify-listener", "long")
    assert done(now, old, served(short, also=(long,))) == ("modify-listener", "short")
    imported = cert("long", 300, type="IMPORTED")
    assert done(served(old, also=(short, imported)), old) == ("modify-listener", "short")
    assert done(served(old, also=(short, imported)), old, served(imported)) == (
        "modify-listener", "long",
    )  # fmt: skip
    assert done(now, None) == ("modify-listener", "long")


@pytest.mark.parametrize(
    "other",
    [
        cert("other", domain="other.example"), cert("other", -1), cert("other", type="IMPORTED"),
        cert("other", status="FAILED"), cert("other", renewal_status="FAILED"),
    ],
    ids=lambda c: f"{c.domain} {c.not_after} {c.type} {c.status}",
)  # fmt: skip
def test_one_of_no_use_is_not_served(other: Certificate) -> None:
    old = cert("old", -1)
    assert done(served(old, also=(other,)), old) == ("", REQUEST)
    assert done(served(old), old) == ("", REQUEST)


def test_a_certificate_that_expires_soon_gives_way_to_a_longer_one_only() -> None:
    old = cert("old", 9)
    for days, found in ((10, ("modify-listener", "b")), (9, ("", REQUEST)), (8, ("", REQUEST))):
        now = served(old, also=(cert("b", days),))
        assert done(now, old, cause="certificate-expiring") == found
    assert done(now, old, cause="certificate-untrusted") == ("modify-listener", "b")
    assert done(now, None, cause="certificate-expiring") == ("", REQUEST)


def test_without_a_listener_nothing_is_served() -> None:
    old = cert("old", -1)
    gone = p.change(served(old, also=(cert("b"),)), "load_balancers", BALANCER.arn, listeners=())
    assert done(gone, old) == ("", REQUEST)


# --- in whose place


def test_the_default_of_before_takes_its_place_again() -> None:
    wrong, good = cert("wrong", domain="other.example"), cert("good")
    assert done(served(wrong, also=(good,)), wrong, served(good)) == ("modify-listener", "good")
    # another one than the default of before: for this listener's other host it is needed
    was = served(cert("gone"), also=(good,))
    mine = cert("mine", domain=OTHER)
    found = done(served(mine, also=(cert("b", domain=HOST),)), mine, was, environment=TWO_HOSTS)
    assert found == ("add-listener-certificates", "b")


def test_a_default_that_was_there_for_other_hosts_stays() -> None:
    mine, good = cert("mine", domain="other.example"), cert("good")
    now, before = served(mine, also=(good,)), served(mine, good)
    assert done(now, mine, before) == ("add-listener-certificates", "good")
    none = served(also=(mine, good))
    assert done(now, mine, none) == ("add-listener-certificates", "good")
    assert done(now, mine) == ("modify-listener", "good")  # nothing tells that it was there
    ended = cert("mine", -1, domain="other.example")
    assert done(served(ended, also=(good,)), ended, before) == ("modify-listener", "good")
    own = cert("mine", domain=HOST)
    assert done(served(own, also=(good,)), own, served(own, good)) == ("modify-listener", "good")
    unknown = p.replace(now, certificates=(good,))
    assert done(unknown, None, before) == ("modify-listener", "good")


def test_beside_a_default_that_is_not_the_one_at_fault_another_is_added() -> None:
    default, old, good = cert("a", domain="other.example"), cert("old", -1), cert("good")
    assert done(served(default, old, also=(good,)), old) == ("add-listener-certificates", "good")
    assert done(served(old, default, also=(good,)), old) == ("modify-listener", "good")
    told = served(old, default, also=(good,), default_certificate=default.arn)
    assert done(told, old) == ("add-listener-certificates", "good")


def test_a_default_that_another_host_needs_stays() -> None:
    mine, good = cert("mine", domain=OTHER), cert("good", domain=HOST)
    added, changed = ("add-listener-certificates", "good"), ("modify-listener", "good")

    def of(*held: Certificate, other: Certificate = good, environment: Any = TWO_HOSTS) -> Any:
        return done(served(*held, also=(other,)), held[0], environment=environment)

    assert of(mine) == added
    assert of(cert("mine", -1, domain=OTHER)) == changed
    assert of(cert("mine", domain="third.example")) == changed
    assert of(mine, other=cert("good", names=(OTHER,))) == changed  # it covers both
    assert of(mine, cert("rest", domain=OTHER)) == changed
    assert of(mine, cert("rest", domain="third.example")) == added
    assert of(cert("mine", domain=HOST)) == changed  # its own host is not another one
    assert of(mine, environment=ENVIRONMENT) == changed
    services = TWO_HOSTS.services
    away = p.replace(services["mlflow"], load_balancer="hokusai-auth-lb")
    elsewhere = p.replace(TWO_HOSTS, services={**services, "mlflow": away})
    assert of(mine, environment=elsewhere) == changed
    none = p.replace(services["mlflow"], load_balancer="none")
    assert of(mine, environment=p.replace(TWO_HOSTS, services={**services, "mlflow": none})) == (
        changed
    )
    unread = p.replace(served(mine, also=(good,)), certificates=(good,))
    assert done(unread, None, environment=TWO_HOSTS) == changed


# --- what is shown


def shown(state: PlatformState, of: Certificate | None) -> tuple[str, ...]:
    known: Case = case(state)
    found, chain = serve_another(known, "registry", "x", of), mend_chain(known, "registry", of)
    assert found.inspect == found.verify == chain.inspect == chain.verify
    assert (
        chain.summary
        == chain.decision
        == (
            f"Import the certificate of {HOST} again, with a chain of its issuer that is valid now."
            " The certificate itself is good."
        )
    )
    return found.inspect


def test_the_certificate_and_the_listeners_are_shown() -> None:
    old = cert("old", -1)
    one, two = shown(served(old), old)
    assert one.startswith("aws acm describe-certificate ") and old.arn in one
    assert "describe-listeners" in two and BALANCER.arn in two
    assert shown(served(old), None) == (two,)
    assert shown(p.replace(served(old), load_balancers=()), old) == (one,)
    assert shown(p.replace(served(old), load_balancers=()), None) == ()
