"""Names that do not resolve, or lead elsewhere: whose they are, and where they shall lead."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import HostAddress, PlatformState
from canary.diagnose.core.finding import Finding
from canary.diagnose.edge import dns
from canary.model import Confidence, Environment, Result, Service, Status
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, case
from tests.canary.support.told_scenes import passed

AUTH, REGISTRY = faults.AUTH, faults.REGISTRY
HOST, API = "auth.hokus.ai", "registry.hokus.ai"
AT = "hokusai-auth-lb.us-east-1.elb.amazonaws.com"


def unresolved(url: str, check: str = "auth.health", service: str = "auth") -> Result:
    return p.failed(check, service, p.none(url, "dns"))


def led(
    host: str = HOST, addresses: tuple[str, ...] = (), to: tuple[str, ...] = ("1.1.1.1",),
    error: str = "",
) -> HostAddress:  # fmt: skip
    return HostAddress(host=host, addresses=addresses, balancer_addresses=to, error=error)


def platform(*hosts: HostAddress) -> PlatformState:
    return p.replace(HEALTHY, hosts=hosts)


def missing(
    *results: Result, state: PlatformState = HEALTHY, environment: Environment = ENVIRONMENT
) -> list[Finding]:
    return list(dns.missing(case(state, None, *results, environment=environment)))


def file(**services: dict[str, Any]) -> Environment:
    known = {n: p.replace(ENVIRONMENT.services[n], **f) for n, f in services.items()}
    return p.replace(ENVIRONMENT, services={**ENVIRONMENT.services, **known})


def test_a_name_that_does_not_resolve_is_one_finding_with_all_its_failures() -> None:
    (found,) = missing(
        unresolved(f"{AUTH}/health"), unresolved(f"{AUTH}/x", "auth.x"),
        p.failed("auth.late", "auth", p.none(f"{AUTH}/y", "connect-timeout")),
    )  # fmt: skip
    assert (found.cause, found.service, found.resource) == ("dns-name-missing", "auth", HOST)
    assert (found.confidence, found.shown_failures) == (Confidence.LIKELY, 3)
    assert found.summary == f"The name {HOST} does not resolve."
    assert {f.check_id for f in found.explained_failures} == {"auth.health", "auth.x"}
    assert found.remedy.summary == f"Point {HOST} at {AT}."
    assert found.remedy.decision == f"Set the record of {HOST} to {AT} where its zone is kept."


def test_where_no_name_of_several_resolves_aws_tells_whose_fault_it_is() -> None:
    """Where AWS answers, names resolve: those of the platform are gone. Else it is the canary."""
    both = (unresolved(f"{AUTH}/health"), unresolved(f"{REGISTRY}/x", "r", "registry"))
    third = unresolved("https://third.example/x", "t", "registry")
    assert missing(*both, state=PlatformState()) == []
    assert missing(*both, third, state=PlatformState()) == []
    gone = missing(*both, state=platform(led(error="NXDOMAIN")))
    assert [(f.resource, f.confidence) for f in gone] == [
        (HOST, Confidence.LIKELY), (API, Confidence.LIKELY),
    ]  # fmt: skip
    (one, two) = missing(*both, passed(f"{REGISTRY}/health"))
    assert (one.resource, two.resource) == (HOST, API)
    # of a platform with one name alone, nothing else tells that names resolve
    lone = file(registry={"url": ""})
    (found,) = missing(both[0], environment=p.replace(lone, routes=()))
    assert found.resource == HOST


def test_a_name_that_is_read_and_has_no_address_is_certain() -> None:
    def sure(*hosts: HostAddress) -> Confidence:
        (found,) = missing(unresolved(f"{AUTH}/health"), state=platform(*hosts))
        return found.confidence

    assert sure(led(error="NXDOMAIN")) is Confidence.CERTAIN
    assert sure(led(API), led(error="NXDOMAIN")) is Confidence.CERTAIN
    for host in (led(), led(API, error="NXDOMAIN"), led(HOST, ("1.1.1.1",), error="NXDOMAIN")):
        assert sure(host) is Confidence.LIKELY


def test_the_name_of_an_internal_balancer_may_resolve_elsewhere() -> None:
    """A desk asks no private zone: only what resolved here while all was well is surely gone."""
    gone = platform(led(error="NXDOMAIN"))
    balancers = tuple(p.replace(b, scheme="internal") for b in HEALTHY.load_balancers)
    inner = p.replace(gone, load_balancers=balancers)

    def told(before: PlatformState | None) -> Finding:
        (found,) = dns.missing(case(inner, before, unresolved(f"{AUTH}/health")))
        return found

    for before in (None, inner, platform(led(API, ("1.1.1.1",)))):
        found = told(before)
        assert found.confidence is Confidence.LIKELY
        assert found.remedy.summary == f"See from where {HOST} resolves."
        assert found.remedy.fix == ()
        assert found.remedy.decision == (
            f"{AT} is internal: see whether {HOST} has a record in a private zone, and whether the"
            " canary asks from a VPC of that zone. Nowhere else does such a name resolve. Else set"
            f" the record of {HOST} to {AT} where its zone is kept."
        )
    known = told(platform(led(addresses=("1.1.1.1",))))
    assert known.confidence is Confidence.CERTAIN
    assert known.remedy.summary == f"Point {HOST} at {AT}."


def test_the_owner_of_a_name_is_the_service_of_that_address_else_who_had_to_answer() -> None:
    (found,) = missing(
        unresolved(f"{REGISTRY}/mlflow/", "m", "registry"),
        unresolved(f"{REGISTRY}/x", "r", "registry"),
    )
    assert (found.service, found.resource) == ("registry", API)
    assert "hokusai-registry-lb" in found.remedy.summary
    (strange,) = missing(unresolved("https://other.example/x", "o", "nobody"))
    assert strange.remedy.summary == "Point other.example at its load balancer."
    gone = p.replace(HEALTHY, load_balancers=())
    (found,) = missing(unresolved(f"{AUTH}/health"), state=gone)
    assert found.remedy.summary == f"Point {HOST} at its load balancer."
    unnamed = tuple(p.replace(b, dns_name="") for b in HEALTHY.load_balancers)
    (found,) = missing(
        unresolved(f"{AUTH}/health"), state=p.replace(HEALTHY, load_balancers=unnamed)
    )
    assert found.remedy.summary == f"Point {HOST} at its load balancer."


def refused(url: str = f"{AUTH}/health", check: str = "auth.health", **more: Any) -> Result:
    return p.failed(check, "auth", p.answer(url, 404, "no"), **more)


def elsewhere(
    *hosts: HostAddress,
    before: PlatformState | None = None,
    results: tuple[Result, ...] = (refused(),),
) -> list[Finding]:
    return list(dns.elsewhere(case(platform(*hosts), before, *results)))


def test_a_name_that_leads_to_other_addresses_is_told_with_both() -> None:
    away = led(HOST, ("9.9.9.9", "8.8.8.8"), ("2.2.2.2", "1.1.1.1"))
    broken = refused(f"{AUTH}/x", "auth.broken", status=Status.ERROR)
    (found,) = elsewhere(
        led(API, ("1.1.1.1",)), away, results=(refused(), broken, refused(f"{REGISTRY}/x", "r"))
    )
    assert (found.cause, found.service) == ("dns-wrong-load-balancer", "auth")
    assert (found.resource, found.confidence) == (HOST, Finding.confidence)
    assert found.summary == f"{HOST} leads to 8.8.8.8, 9.9.9.9, not to its load balancer."
    (line,) = found.evidence
    assert (line.resource, line.seen, line.expected) == (
        HOST, "8.8.8.8, 9.9.9.9", "1.1.1.1, 2.2.2.2"
    )  # fmt: skip
    assert {f.check_id for f in found.explained_failures} == {"auth.health"}


def test_a_name_that_leads_there_or_of_which_nothing_is_known_accuses_nobody() -> None:
    there = led(HOST, ("9.9.9.9", "1.1.1.1"))
    for host in (there, led(HOST), led(HOST, ("9.9.9.9",), ()), led(API, ("9.9.9.9",))):
        assert elsewhere(host) == []
    away = led(HOST, ("9.9.9.9",))
    assert elsewhere(away, results=()) == []
    assert [f.resource for f in elsewhere(there, led(API, ("9.9.9.9",)), away)] == [HOST]


def test_a_record_is_set_back_only_where_it_led_there_while_all_was_well() -> None:
    away = led(HOST, ("9.9.9.9",))
    doubt = (
        f"See whether another front, such as a CDN, stands before {AT} on purpose: then look"
        f" there. Else set the record of {HOST} to {AT}."
    )

    def said(before: PlatformState | None) -> str:
        (found,) = elsewhere(away, before=before)
        return found.remedy.decision

    back = f"Set the record of {HOST} to {AT} where its zone is kept."
    assert said(platform(led(API, ("1.1.1.1",)), led(HOST, ("1.1.1.1", "3.3.3.3")))) == back
    for before in (
        None, platform(), platform(led(API, ("1.1.1.1",))), platform(led(HOST, ("8.8.8.8",))),
    ):  # fmt: skip
        assert said(before) == doubt
        (found,) = elsewhere(away, before=before)
        assert found.remedy.summary == f"See where {HOST} shall lead."


def test_a_name_of_no_service_belongs_to_whom_the_checks_asked() -> None:
    other = p.replace(ENVIRONMENT, services={
        "b": Service(url="https://b.example"), "a": Service(url="https://b.example"),
    }, routes=())  # fmt: skip
    result = p.failed("x", "b", p.none("https://b.example/x", "dns"))
    (found,) = missing(result, environment=other)
    assert found.service == "b"  # the first of the file
