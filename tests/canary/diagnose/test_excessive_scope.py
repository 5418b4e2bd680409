"""A route that does not refuse a key for its scope is named, with the key's principal."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from canary.model import Confidence, Exchange, Explanation, Principal, Result, Status, Step
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

REGISTER, VALIDATE = faults.REGISTRY + "/api/models/register", faults.AUTH + "/api/v1/keys/validate"
REFUSED = '{"detail":"Admin access required for the model registry"}'
UNPROCESSABLE = '{"detail":[{"loc":["body","name"],"msg":"Field required"}]}'
READER = "read-only"
WHY = "its scopes hold no write"


def judge(*results: Result) -> Explanation:
    environment = p.environment(faults.NAMES)
    known = {**environment.principals, READER: Principal(secret="canary/reader", reason=WHY)}
    environment = p.replace(environment, principals=known)
    return diagnose(list(results), p.healthy(), environment, p.healthy(), p.NOW)


def asked(
    url: str, status: int, body: str = "{}", principal: str = READER, method: str = "POST"
) -> Exchange:
    return p.answer(url, status, body, principal=principal, method=method, header_form="bearer")


def refused(principal: str = READER, url: str = faults.PROXY, status: int = 403) -> Step:
    body = REFUSED if status == 403 else '{"detail":"Invalid or expired API key"}'
    seen = asked(url, status, body, principal, "GET")
    return Step(name="refused", status=Status.PASS, evidence=(seen,))


def let_in(seen: Exchange, wanted: str = "403") -> Step:
    return Step(name=f"{seen.principal}: {seen.method} {seen.url[-8:]}", status=Status.FAIL,
                assertions=p.status_is(wanted, str(seen.status)), evidence=(seen,))  # fmt: skip


def check(*steps: Step, service: str = "registry") -> Result:
    return p.result(f"{service}.requires-scope", service, *steps, kind="access")


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "{}"), (422, UNPROCESSABLE), (404, '{"detail":"Model x not found"}'),
     (500, '{"detail":"KeyError"}')],
)  # fmt: skip
def test_a_route_that_lets_the_key_in_is_named(status: int, body: str) -> None:
    verdict = judge(check(refused(), let_in(asked(REGISTER, status, body))))
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("scope-excessive", "registry")
    assert found.confidence is Confidence.LIKELY
    assert "POST /api/models/register" in found.summary
    assert f"principal {READER} ({WHY})" in found.summary
    assert "must let POST /api/models/register ask for the scope" in found.remedy.decision
    assert (found.remedy.fix, verdict.unexplained) == ((), ())


def test_several_routes_are_one_finding() -> None:
    other = asked(faults.REGISTRY + "/api/models/m/1", 200, method="DELETE")
    steps = (refused(), let_in(asked(REGISTER, 422, UNPROCESSABLE)), let_in(other))
    (found,) = judge(check(*steps)).diagnoses
    assert "DELETE /api/models/m/1 and POST /api/models/register" in found.summary


def test_an_error_of_a_route_that_must_refuse_the_key_is_no_failing_route() -> None:
    delete = let_in(asked(faults.REGISTRY + "/api/models/m/1", 500, method="DELETE"))
    document = p.failed("registry.status", "registry", p.answer(faults.REGISTRY + "/status", 500))
    other = p.failed("registry.details", "registry", p.answer(faults.REGISTRY + "/details", 500))
    paths = ("/live", "/version", "/docs")
    well = p.result(
        "registry.live", "registry",
        *(Step(name=path, status=Status.PASS, evidence=(p.answer(faults.REGISTRY + path, 200),))
          for path in paths),
        status=Status.PASS,
    )  # fmt: skip
    found = {
        d.cause: d.explains
        for d in judge(check(refused(), delete), document, other, well).diagnoses
    }
    assert found == {
        "scope-excessive": ("registry.requires-scope",),
        "route-failing": ("registry.details", "registry.status"),
    }


@pytest.mark.parametrize(
    "steps",
    [
        (let_in(asked(REGISTER, 422, UNPROCESSABLE)),),  # refused nowhere
        (refused("other"), let_in(asked(REGISTER, 422, UNPROCESSABLE))),  # another key is
        (refused(status=401), let_in(asked(REGISTER, 200))),  # unknown, not short of a scope
        (refused(), let_in(asked(REGISTER, 200), wanted="200 or 403")),
        (refused(), let_in(asked(REGISTER, 422, UNPROCESSABLE)),
         let_in(asked(REGISTER, 422, UNPROCESSABLE, principal=""), wanted="401")),
        (refused(), let_in(asked(REGISTER, 503, '{"detail":"Authentication service timeout"}'))),
        (refused(), let_in(p.page(REGISTER, 502, principal=READER, method="POST"))),
        (refused(), let_in(asked(REGISTER, 500, "Internal Server Error"))),
    ],
    ids=["refused-nowhere", "another-key", "unknown-key", "may-pass", "all-alike", "auth-down",
         "balancer", "no-document"],
)  # fmt: skip
def test_what_shows_no_missing_scope_check_is_no_excessive_scope(steps: tuple[Step, ...]) -> None:
    assert "scope-excessive" not in {d.cause for d in judge(check(*steps)).diagnoses}


def test_a_key_that_two_services_let_in_has_too_many_scopes_itself() -> None:
    validated = let_in(asked(VALIDATE, 200))
    verdict = judge(
        check(refused(), let_in(asked(REGISTER, 200))),
        check(refused(url=faults.AUTH + "/api/v1/keys"), validated, service="auth"),
    )
    (found,) = verdict.diagnoses
    assert (found.cause, found.resource) == ("protection-missing", "canary/reader")


def test_a_service_that_asks_for_no_key_is_not_protected() -> None:
    open_to_all = [let_in(asked(faults.PROXY, 200, principal=n), wanted="401")
                   for n in ("", "revoked", "expired", "unknown")]  # fmt: skip
    verdict = judge(check(*open_to_all, let_in(asked(REGISTER, 200))))
    assert [d.cause for d in verdict.diagnoses] == ["protection-missing"]
    assert verdict.unexplained == ()


def test_a_service_that_lets_everybody_in_asks_for_no_scope_either() -> None:
    nobody = let_in(asked(faults.PROXY, 200, "{}", "", "GET"), wanted="401")
    reader = let_in(asked(REGISTER, 500, '{"detail":"KeyError"}'))
    verdict = judge(check(refused(), reader), p.result("registry.refuses", "registry", nobody))
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("protection-missing", "registry")
    assert verdict.unexplained == ()
