"""Parts of sample reports: exchanges, checks, the authentication cases, the registration flow."""

from __future__ import annotations

from typing import Any

import msgspec

from canary.model import (
    Assertion,
    Exchange,
    Result,
    Severity,
    Status,
    Step,
    Suite,
    Timing,
)

STARTED = "2026-11-22T10:00:00Z"
FINISHED = "2026-11-22T10:00:04Z"
BEGAN = "2026-11-22T09:27:17Z"

INFRASTRUCTURE = (
    ("auth.certificate", "The auth host's certificate is trusted and valid for 30 days", "auth"),
    ("auth.health", "Auth answers its health check", "auth"),
    ("auth.redirect", "Auth redirects plain HTTP to HTTPS", "auth"),
    ("auth.tasks", "Auth runs as many tasks as desired", "auth"),
    ("auth.targets", "Auth's target group has healthy targets", "auth"),
    ("registry.certificate", "The registry's certificate is trusted and valid", "registry"),
    ("registry.health", "Registry answers its health check", "registry"),
    ("registry.ready", "Registry is ready to serve", "registry"),
    ("registry.rules", "Each contract path reaches the service it belongs to", "registry"),
    ("mlflow.proxy", "MLflow answers through the proxy", "mlflow"),
    ("mlflow.tasks", "MLflow runs as many tasks as desired", "mlflow"),
)
ENDPOINTS = tuple(
    (f"registry.{name}", f"Registry serves {path}", "registry")
    for name, path in (
        ("live", "/live"),
        ("version", "/version"),
        ("metrics", "/metrics"),
        ("docs", "/docs"),
        ("openapi", "/openapi.json"),
        ("models", "/api/v1/models"),
        ("mlflow-health", "/api/health/mlflow"),
    )
)
CASES = (
    ("valid", "Authorization: Bearer", 200),
    ("valid", "X-API-Key", 200),
    ("valid", "lower-case scheme", 401),
    ("valid", "no space", 401),
    ("nobody", "no header", 401),
    ("malformed", "Authorization: Bearer", 401),
    ("malformed", "X-API-Key", 401),
    ("unknown", "Authorization: Bearer", 401),
    ("unknown", "X-API-Key", 401),
    ("revoked", "Authorization: Bearer", 401),
    ("expired", "Authorization: Bearer", 401),
    ("other-service", "Authorization: Bearer", 401),
    ("read-only", "Authorization: Bearer", 403),
)
ROUTES = (
    "https://registry.hokus.ai/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1",
    "https://auth.hokus.ai/api/v1/keys/validate",
)
FLOW = (
    "make a local model", "find the experiment", "create a run", "log parameters and metrics",
    "upload the artifact", "read the artifact back", "create the registered model",
    "create the version", "tag the version", "read the version back", "set the alias", "clean up",
)  # fmt: skip


def exchange(url: str, status: int = 200, **more: Any) -> Exchange:
    """Make an exchange of 21 ms."""
    timing = Timing(
        dns_ms=1.2, tcp_ms=1.0, tls_ms=4.1, first_byte_ms=14.0, transfer_ms=0.7, total_ms=21.0
    )
    usual: dict[str, Any] = {
        "method": "GET",
        "url": url,
        "status": status,
        "content_type": "application/json",
        "answered_by": "target",
        "server": "uvicorn",
        "timing": timing,
        "peer": "127.0.101.10:443",
    }
    return Exchange(**{**usual, **more})


def check(
    check_id: str,
    title: str,
    service: str,
    suite: Suite,
    *,
    steps: tuple[Step, ...] = (),
    **more: Any,
) -> Result:
    """Make a passing result with one step, unless told otherwise."""
    usual: dict[str, Any] = {
        "check_id": check_id,
        "title": title,
        "suite": suite,
        "kind": "endpoint",
        "service": service,
        "severity": Severity.CRITICAL if check_id.endswith("health") else Severity.HIGH,
        "status": Status.PASS,
        "duration_ms": 21.4,
        "runbook": f"docs/runbooks/{service}.md#{check_id.replace('.', '')}",
        "steps": steps or (Step(name="answer", status=Status.PASS, duration_ms=21.0),),
    }
    return Result(**{**usual, **more})


def bad_gateway(result: Result, url: str) -> Result:
    """Return the check as failing with the load balancer's own 502."""
    body = (
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
        "<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>"
    )
    return failing(
        result,
        ("status", "200", "502"),
        exchange(url, 502, answered_by="balancer", server="awselb/2.0", content_type="text/html",
                 excerpt=body),
    )  # fmt: skip


def failing(result: Result, difference: tuple[str, str, str], shown: Exchange) -> Result:
    """Return the check as failing because of one difference."""
    subject, expected, actual = difference
    step = Step(
        name="answer",
        status=Status.FAIL,
        reason=f"{subject} was {actual}",
        duration_ms=21.0,
        assertions=(Assertion(subject=subject, expected=expected, actual=actual, holds=False),),
        evidence=(shown,),
    )
    return msgspec.structs.replace(result, status=Status.FAIL, reason="", steps=(step,))


def access(auth_down: bool = False) -> list[Result]:
    """Make a check per principal with a step per case."""
    results = []
    for principal in dict.fromkeys(p for p, _, _ in CASES):
        steps = []
        for place, route in enumerate(ROUTES):
            for who, form, status in CASES:
                if who == principal:
                    steps.append(_case(principal, form, status, route, auth_down, bool(place)))
        broken = any(s.status is Status.FAIL for s in steps)
        results.append(
            check(
                f"auth.access-{principal}",
                f"The {principal} principal is answered as it must be",
                "auth",
                Suite.AUTHENTICATION,
                kind="access",
                status=Status.FAIL if broken else Status.PASS,
                steps=tuple(steps),
            )
        )
    return results


def _case(who: str, form: str, status: int, route: str, down: bool, direct: bool) -> Step:
    """Answer one case; on the seed day MLflow's page came from the registry, 502 from auth."""
    actual = (502 if direct else 404) if down else status
    by = "balancer" if down and direct else "target"
    shown = exchange(route, actual, principal=who, header_form=form, answered_by=by)
    return Step(
        name=f"{form} on {'auth' if direct else 'registry'}",
        status=Status.PASS if actual == status else Status.FAIL,
        duration_ms=21.0,
        assertions=(
            Assertion(
                subject="status", expected=str(status), actual=str(actual), holds=actual == status
            ),
        ),
        evidence=(shown,),
    )


def registration(broken: bool = False) -> Result:
    """Make the registration flow; on the seed day it ends at the experiment."""
    steps: list[Step] = []
    at = 120.0
    for place, name in enumerate(FLOW):
        url = f"https://registry.hokus.ai/api/mlflow/api/2.0/mlflow/{place}"
        always = name == "clean up"
        if broken and place > 1 and not always:
            steps.append(Step(name=name, status=Status.SKIP, reason="find the experiment failed"))
            continue
        took = 3.0 if place == 0 else 21.0 + 2 * place
        found = () if place == 0 else (exchange(url, 404 if broken and place == 1 else 200),)
        wrong = broken and place == 1
        steps.append(
            Step(name=name, status=Status.FAIL if wrong else Status.PASS, started_ms=at,
                 duration_ms=took, evidence=found, always=always,
                 reason="404 text/html from the target: MLflow's own page" if wrong else "")
        )  # fmt: skip
        at += took
    return check(
        "registry.registration",
        "A model can be registered, read back and removed",
        "registry",
        Suite.REGISTRATION,
        kind="registration",
        severity=Severity.CRITICAL,
        status=Status.FAIL if broken else Status.PASS,
        duration_ms=at - 120,
        steps=tuple(steps),
    )
