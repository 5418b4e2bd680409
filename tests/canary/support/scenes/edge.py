"""Names, certificates, idle timeouts and names of the environment file at the edge."""

from __future__ import annotations

import datetime as dt
from typing import Any

from canary.control_plane.state import Certificate, HostAddress, PlatformState, Unavailable
from canary.model import Result, Status
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.told_scenes import (
    AUTH,
    ENVIRONMENT,
    HEALTHY,
    NAMES,
    PROXY,
    REGISTRY,
    Told,
    api,
    group,
    passed,
    tls,
    unreachable_hosts,
)

HOST = f"auth.{NAMES.domain}"
LATE = (p.NOW + dt.timedelta(days=29)).isoformat()


def host(name: str = HOST, *addresses: str, balancer: tuple[str, ...] = ("1.1.1.1",),
         error: str = "") -> HostAddress:  # fmt: skip
    """Return the addresses of a host and of its load balancer."""
    return HostAddress(host=name, addresses=addresses, balancer_addresses=balancer, error=error)


def hosts(*found: HostAddress) -> PlatformState:
    """Return the platform with these names."""
    return p.replace(HEALTHY, hosts=found)


def expiring(not_after: str, *others: Certificate, **more: Any) -> Told:
    """Return a certificate that the check finds too old, beside others."""
    state = p.replace(HEALTHY, certificates=(
        p.replace(HEALTHY.certificates[0], not_after=not_after, **more), *others))  # fmt: skip
    return Told(state, [p.control("certificate", "auth", reason="29 days left")])


def other(name: str, days: int, domain: str = f"*.{NAMES.domain}", **more: Any) -> Certificate:
    """Return another certificate of ACM."""
    arn = p.certificate_arn(NAMES).replace("good", name)
    until = (p.NOW + dt.timedelta(days=days)).isoformat()
    known = {"type": "AMAZON_ISSUED", "status": "ISSUED"}
    return Certificate(arn=arn, domain=domain, not_after=until, **known | more)


def serving(arn: str) -> PlatformState:
    """Return the platform whose auth balancer serves another certificate."""
    balancers = tuple(
        p.replace(b, listeners=tuple(
            p.replace(x, certificates=(arn,)) if x.port == 443 else x for x in b.listeners))
        if "auth" in b.name else b
        for b in HEALTHY.load_balancers
    )  # fmt: skip
    return p.replace(HEALTHY, load_balancers=balancers)


def idle(seconds: str, state: PlatformState = HEALTHY) -> PlatformState:
    """Return the platform with another idle timeout of the API's balancer."""
    arn = NAMES.elb("loadbalancer", f"app/{NAMES.prefix}-registry-lb/1234")
    return p.change(state, "load_balancers", arn,
                    attributes={"idle_timeout.timeout_seconds": seconds})  # fmt: skip


def unnamed(name: str, **fields: Any) -> Any:
    """Return an environment file whose service has other names."""
    services = {**ENVIRONMENT.services}
    services[name] = p.replace(services[name], **fields)
    return p.replace(ENVIRONMENT, services=services)


def unresolved(*urls: str) -> list[Result]:
    """Return hosts that do not resolve."""
    return [p.failed(f"host.{i}", "auth", p.none(u, "dns")) for i, u in enumerate(urls)]


SWAPPED = other("swapped", 200, "other.example")
TWO = p.replace(serving(SWAPPED.arn), certificates=(
    *HEALTHY.certificates, SWAPPED, other("longest", 300), other("short", 40)))  # fmt: skip
SCENES = {
    "dns-of-one-host-unconfirmed": Told(HEALTHY, [
        *unresolved(f"{AUTH}/health"), passed(f"{REGISTRY}/health")]),
    "dns-of-one-host-and-an-address": Told(
        hosts(host(HOST, "1.1.1.1", error="SERVFAIL"), host("x", error="NXDOMAIN")),
        [*unresolved(f"{AUTH}/health"), passed(f"{REGISTRY}/health")]),
    "dns-of-a-host-of-two-services": Told(HEALTHY, [
        *unresolved(f"{REGISTRY}/mlflow/", f"{REGISTRY}/health"),
        passed(f"{AUTH}/health", "auth")]),
    "dns-elsewhere-and-a-check-that-broke-off": Told(
        hosts(host(HOST, "9.9.9.9")),
        [p.failed("auth.health", "auth", p.answer(f"{AUTH}/health", 404, "no")),
         p.failed("auth.error", "auth", p.answer(f"{AUTH}/x", 404, "no"), status=Status.ERROR)]),
    "nothing-has-a-host": Told(
        HEALTHY, [p.control("ecs_service", "auth")], HEALTHY, p.replace(
            ENVIRONMENT, routes=(), services={
                n: p.replace(s, url="") for n, s in ENVIRONMENT.services.items()})),
    "dns-led-there": Told(
        hosts(host(HOST, "9.9.9.9", "8.8.8.8", balancer=("2.2.2.2", "1.1.1.1"))),
        [p.failed("auth.health", "auth", p.answer(f"{AUTH}/health", 404, "no"))],
        hosts(host(f"x.{NAMES.domain}", "3.3.3.3", balancer=("3.3.3.3",)), host(HOST, "1.1.1.1"))),
    "dns-led-elsewhere-as-ever": Told(
        hosts(host(HOST, "9.9.9.9")),
        [p.failed("auth.health", "auth", p.answer(f"{AUTH}/health", 404, "no"))],
        hosts(host(HOST, "9.9.9.8"))),
    "dns-leads-to-one-of-two": Told(
        hosts(host(HOST, "9.9.9.9", "1.1.1.1")),
        [p.failed("auth.health", "auth", p.answer(f"{AUTH}/health", 404, "no"))]),
    "dns-of-a-host-of-no-failure": Told(
        hosts(host(HOST, "9.9.9.9")), [api(p.answer(f"{REGISTRY}/health", 404, "no"))]),
    "certificate-expires-and-a-longer-one-is-there": expiring(LATE, other("longest", 300)),
    "certificate-expires-and-the-other-one-too": expiring(LATE, other("short", 9)),
    "certificate-expires-and-the-others-are-of-no-use": expiring(
        LATE, other("foreign", 300, "other.example"), other("gone", -9),
        p.replace(other("failed", 300), status="FAILED"), names=("x", HOST), type="IMPORTED"),
    "certificate-expires-and-the-longer-one-is-imported": expiring(
        LATE, other("longest", 300, type="IMPORTED")),
    "certificate-swapped": Told(TWO, tls(62)),
    "certificate-swapped-and-the-old-one-unknown": Told(
        p.replace(TWO, certificates=TWO.certificates[1:]), tls(62)),
    "certificate-unknown-by-its-code": Told(HEALTHY, tls(99)),
    "certificate-unknown-without-a-code": Told(HEALTHY, tls(0)),
    "certificate-by-the-words": Told(
        p.replace(HEALTHY, certificates=()),
        [p.failed("auth.health", "auth", p.none(f"{AUTH}/health", "tls",
                                                failure_detail="Hostname mismatch, not valid")),
         api(faults.auth_unavailable())]),
    "certificate-self-signed-by-the-words": Told(
        p.replace(HEALTHY, certificates=()),
        [p.failed("auth.health", "auth", p.none(f"{AUTH}/health", "tls",
                                                failure_detail="self-signed certificate"))]),
    "certificate-expired-by-the-words": Told(
        p.replace(HEALTHY, load_balancers=()),
        [p.failed("auth.health", "auth", p.none(f"{AUTH}/health", "tls",
                                                failure_detail="certificate has expired"))]),
    "certificate-check-by-the-words": Told(
        p.replace(HEALTHY, certificates=()),
        [p.control("certificate", "auth", reason="expires in 9")]),
    "certificate-check-without-words": Told(
        p.replace(HEALTHY, certificates=()), [p.control("certificate", "auth")]),
    "idle-timeout-was-longer": Told(
        idle("29"), [api(p.page(PROXY, 504))], idle("120")),
    "idle-timeout-was-shorter": Told(idle("29"), [api(p.page(PROXY, 504))], idle("9")),
    "idle-timeout-is-long-enough": Told(idle("30"), [api(p.page(PROXY, 504))]),
    "idle-timeout-of-another-balancer": Told(
        idle("3"), [p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 504))]),
    "file-names-a-group-that-is-not-there": Told(
        HEALTHY,
        [p.control("target_group", "auth"), passed(f"{AUTH}/health", "auth")], HEALTHY,
        unnamed("auth", target_groups=("no-tg", "hokusai-auth-development-tg"),
                load_balancer="no-lb")),
    "file-names-a-group-that-is-not-there-and-nothing-passes": Told(
        HEALTHY, [p.control("target_group", "auth")], HEALTHY,
        unnamed("auth", target_groups=("no-tg",))),
    "file-names-a-service-that-is-not-there": Told(
        p.replace(HEALTHY, ecs_services=HEALTHY.ecs_services[1:],
                  missing_services=(NAMES.of("auth"),)),
        [p.control("ecs_service", "auth")],
        p.replace(HEALTHY, ecs_services=HEALTHY.ecs_services[1:])),
    "file-names-what-nobody-serves": Told(
        p.replace(group(targets=()), ecs_services=HEALTHY.ecs_services[1:],
                  missing_services=(NAMES.of("auth"),)),
        [p.control("ecs_service", "auth")],
        p.replace(HEALTHY, ecs_services=HEALTHY.ecs_services[1:])),
    "canary-reaches-nothing-and-no-aws": Told(
        PlatformState(unavailable=tuple(
            Unavailable(action=a, resource="*", code=code, reason="no way")
            for a, code in (("a:A", "ConnectTimeout"), ("b:B", "ConnectionClosedError"),
                            ("c:C", "EndpointConnectionError"), ("d:D", "Throttling")))),
        [*unreachable_hosts("unreachable"),
         p.failed("auth.settings", "auth", status=Status.ERROR, reason="not read")]),
    "canary-reaches-aws-alone": Told(HEALTHY, unreachable_hosts("connect-timeout")),
    "canary-reaches-one-host": Told(HEALTHY, [
        *unreachable_hosts("dns")[:1], passed(f"{REGISTRY}/health")]),
}  # fmt: skip
