"""Each documented meaning of a balancer's own answer, with the answer as AWS writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from canary.control_plane.baselines import NO_BASELINES, Baseline, Baselines
from canary.control_plane.edge.counters import Counter
from canary.control_plane.edge.own_pages import is_own_page
from canary.control_plane.edge.web_acl import AclRule, Association, WebAcl
from canary.control_plane.stable import reference
from canary.control_plane.state import Action, PlatformState, TargetHealth, Unavailable
from canary.diagnose import diagnose
from canary.diagnose.balancer.around import Around
from canary.diagnose.balancer.meanings import MEANINGS, possible
from canary.diagnose.core.case import Case
from canary.model import Confidence, Diagnosis, Exchange
from tests.canary.support import own_answers as made
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

Change = Callable[[PlatformState], PlatformState]
BALANCER = next(b for b in p.healthy().load_balancers if "registry" in b.name)
RULE = next(r for r in BALANCER.listeners[1].rules if r.priority == str(faults.NAMES.priorities[1]))
GROUP = faults.NAMES.group("registry")


def same(state: PlatformState) -> PlatformState:
    return state


def rule(**fields: Any) -> Change:
    """Change the rule that takes the request."""

    def change(state: PlatformState) -> PlatformState:
        balancers = tuple(
            p.replace(
                b,
                listeners=tuple(
                    p.replace(
                        x,
                        rules=tuple(
                            p.replace(r, **fields) if r.arn == RULE.arn else r for r in x.rules
                        ),
                    )
                    for x in b.listeners
                ),
            )
            for b in state.load_balancers
        )
        return p.replace(state, load_balancers=balancers)

    return change


def sign_in(unauthenticated: str) -> Change:
    config = {
        "Type": "authenticate-oidc",
        "AuthenticateOidcConfig": {
            "Issuer": "https://idp.example.org",
            "OnUnauthenticatedRequest": unauthenticated,
        },
    }
    return rule(earlier=(Action(type="authenticate-oidc", config=config),))


JWT = rule(earlier=(Action(type="jwt-validation", config={"Type": "jwt-validation"}),))


def group(**fields: Any) -> Change:
    return lambda state: p.change(state, "target_groups", GROUP, **fields)


def targets(*states: str, reason: str = "") -> Change:
    made_of = tuple(
        TargetHealth(id=f"10.0.1.{n}", port=8001, state=s, reason=reason)
        for n, s in enumerate(states)
    )
    return group(targets=made_of)


def attribute(name: str, value: str) -> Change:
    return lambda state: p.change(state, "load_balancers", BALANCER.arn, attributes={name: value})


def counted(metric: str, total: float = 4.0) -> Change:
    counter = Counter(load_balancer=BALANCER.name, metric=metric, total=total, minutes=15)
    return lambda state: p.replace(state, counters=(*state.counters, counter))


def firewall(*actions: str) -> Change:
    rules = tuple(AclRule(name=f"rule-{a.lower()}", action=a, sampled=True) for a in actions)
    acl = WebAcl(arn="arn:acl", name="guard", rules=rules)
    found = Association(load_balancer=BALANCER.arn, acl=acl)
    return lambda state: p.replace(state, web_acls=(found,))


def no_firewall(state: PlatformState) -> PlatformState:
    return p.replace(state, web_acls=(Association(load_balancer=BALANCER.arn),))


def all_of(*changes: Change) -> Change:
    def change(state: PlatformState) -> PlatformState:
        for one in changes:
            state = one(state)
        return state

    return change


def diagnosed(
    answer: Exchange, state: PlatformState, before: PlatformState | None = None
) -> list[Diagnosis]:
    result = p.failed("registry.proxy", "registry", answer)
    known = NO_BASELINES
    if before:
        well = Baseline(reference=reference(before), state=before, at=p.ago(3))
        known = Baselines(of={"registry.proxy": well}, incident=well)
    environment = p.environment(faults.NAMES)
    return list(diagnose([result], state, environment, before, p.NOW, known).diagnoses)


def around(answer: Exchange, state: PlatformState) -> Around:
    case = Case(
        results=(p.failed("registry.proxy", "registry", answer),), state=state,
        environment=p.environment(faults.NAMES), previous=None, now=p.NOW,
    )  # fmt: skip
    return Around(case, case.failures[0])


def late(seconds: float) -> dict[str, Any]:
    return {"timing": p.replace(Exchange(method="GET", url="").timing, total_ms=seconds * 1000)}


PLAIN = made.page(400, "The plain HTTP request was sent to HTTPS port")
DESYNC, IDLE = "routing.http.desync_mitigation_mode", "idle_timeout.timeout_seconds"
# of each meaning, in the order of the table: what stands around it, and what the answer is beside
SHOWN: tuple[tuple[int, str, Change, dict[str, Any]], ...] = (
    (400, "Plain HTTP", same, {"body": PLAIN}),
    (400, "malformed", attribute(DESYNC, "monitor"), {}),
    (400, "desync", attribute(DESYNC, "strictest"), {}),
    (401, "denies whoever", sign_in("deny"), {}),
    (401, "identity provider denies", sign_in("authenticate"), {}),
    (401, "validates a token", JWT, {}),
    (403, "WAF blocks", firewall("BLOCK"), {}),
    (405, "TRACE", no_firewall, {"method": "TRACE"}),
    (405, "CAPTCHA", firewall("CAPTCHA"), {}),
    (408, "no data", same, {}),
    (413, "Lambda", group(target_type="lambda"), {}),
    (413, "header", same, {}),
    (414, "too long", same, {}),
    (460, "closed", same, {}),
    (463, "30 addresses", same, {}),
    (464, "protocol version", group(protocol_version="GRPC"), {}),
    (500, "evaluate the web ACL", firewall("BLOCK"), {}),
    (500, "identity provider's endpoints", all_of(no_firewall, sign_in("authenticate")), {}),
    (501, "Transfer-Encoding", same, {}),
    (502, "refuses the connection", counted("TargetConnectionErrorCount"), {}),
    (502, "TLS handshake",
     all_of(group(protocol="HTTPS"), counted("TargetTLSNegotiationErrorCount")), {}),
    (502, "breaks off", same, {}),
    (502, "deregistered", targets("healthy", "draining"), {}),
    (502, "Lambda", group(target_type="lambda"), {}),
    (503, "no target", targets(), {}),
    (504, "10 s", attribute(IDLE, "60"), late(10.2)),
    (504, "idle timeout", attribute(IDLE, "5"), late(5.1)),
    (505, "HTTP version", same, {}),
    (507, "redirect", rule(action=Action(type="redirect", status_code="HTTP_302")), {}),
    (561, "answers with an error", sign_in("authenticate"), {}),
    (562, "no keys", JWT, {}),
)  # fmt: skip


def test_every_meaning_has_its_answer() -> None:
    pairs = list(zip(MEANINGS, SHOWN, strict=True))
    assert [m.status for m, _ in pairs] == [status for _, (status, *_) in pairs]
    assert [m.says for m, (_, words, *_) in pairs if words not in m.says] == []


@pytest.mark.parametrize(
    ("number", "status", "change", "more"),
    [(n, s, c, m) for n, (s, _, c, m) in enumerate(SHOWN)],
    ids=[f"{s} {words}" for s, words, _, _ in SHOWN],
)
def test_a_meaning_is_left_where_the_readings_fit_it(
    number: int, status: int, change: Change, more: dict[str, Any]
) -> None:
    left = possible(around(made.own(faults.PROXY, status, **more), change(p.healthy())))
    assert MEANINGS[number] in [m for m, _ in left]


ALONE = {0, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 23, 24, 25, 26, 27, 28, 29, 30}
"""The meanings that these readings leave alone."""


@pytest.mark.parametrize(
    ("number", "status", "change", "more"),
    [(n, s, c, m) for n, (s, _, c, m) in enumerate(SHOWN) if n in ALONE],
    ids=[f"{s} {words}" for n, (s, words, _, _) in enumerate(SHOWN) if n in ALONE],
)
def test_the_readings_single_a_meaning_out(
    number: int, status: int, change: Change, more: dict[str, Any]
) -> None:
    left = possible(around(made.own(faults.PROXY, status, **more), change(p.healthy())))
    assert [m for m, _ in left] == [MEANINGS[number]]


@pytest.mark.parametrize(
    ("status", "change", "words"),
    [
        (401, same, "sign"),  # the rule signs nobody in
        (403, no_firewall, "WAF"),
        (405, no_firewall, "CAPTCHA"),
        (500, no_firewall, "web ACL"),
        (464, same, "protocol version"),
        (503, targets("healthy"), "no target"),
        (504, attribute(IDLE, "60"), "idle"),
        (561, same, "identity"),
        (562, same, "no keys"),
        (562, sign_in("authenticate"), "no keys"),
        (507, same, "redirect"),
    ],
)
def test_what_the_readings_exclude_is_not_said(status: int, change: Change, words: str) -> None:
    left = possible(around(made.own(faults.PROXY, status), change(p.healthy())))
    assert [m.says for m, _ in left if words in m.says] == []


OWN = {"request-refused", "request-blocked", "sign-in-failing"}
TOLD = {n for n, m in enumerate(MEANINGS) if m.cause in OWN and m.status != 507}
"""The meanings with a cause of this family; of a redirect the rule itself is the cause."""


@pytest.mark.parametrize(
    ("number", "status", "change", "more"),
    [(n, s, c, m) for n, (s, _, c, m) in enumerate(SHOWN) if n in TOLD],
    ids=[f"{s} {w}" for n, (s, w, _, _) in enumerate(SHOWN) if n in TOLD],
)
def test_a_diagnosis_names_it_with_a_decision_and_never_as_certain(
    number: int, status: int, change: Change, more: dict[str, Any]
) -> None:
    (found,) = diagnosed(made.own(faults.PROXY, status, **more), change(p.healthy()))
    assert found.cause == MEANINGS[number].cause
    assert found.confidence is not Confidence.CERTAIN
    assert found.remedy.decision and not found.remedy.fix
    assert str(status) in found.summary
    alone = number in ALONE and MEANINGS[number].cause != "request-blocked"
    assert not alone or found.confidence is Confidence.LIKELY


def test_several_meanings_are_possible_and_all_are_said() -> None:
    (found,) = diagnosed(made.own(faults.PROXY, 400), p.healthy())
    assert (found.cause, found.confidence) == ("request-refused", Confidence.POSSIBLE)
    assert "malformed" in found.summary and "desync" in found.summary
    assert DESYNC in found.remedy.decision and "access log" in found.remedy.decision


@pytest.mark.parametrize("status", sorted({m.status for m in MEANINGS}))
@pytest.mark.parametrize("server", ["uvicorn", "awselb/2.0"])
def test_a_target_s_own_answer_of_the_same_code_is_not_the_balancer_s(
    status: int, server: str
) -> None:
    """A target may also write the balancer's name: without its page, no meaning is claimed."""
    by = "balancer" if server.startswith("awselb") else "target"
    body = '{"detail": "Forbidden by the application: token expired"}'
    answer = p.answer(faults.PROXY, status, body, server=server, answered_by=by)
    named = {d.cause for d in diagnosed(answer, firewall("BLOCK")(sign_in("deny")(p.healthy())))}
    assert named.isdisjoint({"request-refused", "sign-in-failing"})


def test_a_page_that_only_targets_are_counted_for_is_doubted() -> None:
    answer = made.own(faults.PROXY, 463)
    (trusted,) = diagnosed(answer, counted("HTTPCode_ELB_4XX_Count")(p.healthy()))
    assert trusted.confidence is Confidence.LIKELY
    assert trusted.evidence[0].resource == f"{BALANCER.name} HTTPCode_ELB_4XX_Count"
    assert trusted.evidence[0].seen == "4 in 15 min"
    (doubted,) = diagnosed(answer, counted("HTTPCode_Target_4XX_Count")(p.healthy()))
    assert doubted.confidence is Confidence.POSSIBLE
    assert "counts such answers of targets alone" in doubted.remedy.decision


def test_a_sign_in_that_is_new_is_certain() -> None:
    (found,) = diagnosed(
        made.own(faults.PROXY, 401), sign_in("deny")(p.healthy()), before=p.healthy()
    )
    assert (found.cause, found.resource) == ("sign-in-failing", RULE.arn)
    assert found.confidence is Confidence.CERTAIN
    assert not found.remedy.fix


@pytest.mark.parametrize(
    ("answer", "cause", "confidence"),
    [
        (made.own(faults.PROXY, 400, body=PLAIN), "request-refused", Confidence.LIKELY),
        (made.own(faults.PROXY, 405, method="TRACE"), "request-refused", Confidence.LIKELY),
        # the group was so while all was well
        (made.own(faults.PROXY, 464), "target-protocol-mismatch", Confidence.POSSIBLE),
    ],
)
def test_a_new_sign_in_makes_no_other_meaning_certain(
    answer: Exchange, cause: str, confidence: Confidence
) -> None:
    grpc = group(protocol_version="GRPC")(no_firewall(p.healthy()))
    found = diagnosed(answer, sign_in("authenticate")(grpc), before=grpc)
    assert [d.confidence for d in found if d.cause == cause] == [confidence]


def test_a_sign_in_that_was_there_while_all_was_well_accuses_nobody() -> None:
    state = sign_in("deny")(p.healthy())
    (found,) = diagnosed(made.own(faults.PROXY, 401), state, before=state)
    assert (found.cause, found.confidence) == ("sign-in-failing", Confidence.POSSIBLE)


def test_a_fixed_response_of_a_rule_is_the_rule_s() -> None:
    fixed = rule(action=Action(type="fixed-response", status_code="403", content_type="text/html"))
    named = {d.cause for d in diagnosed(made.own(faults.PROXY, 403), fixed(p.healthy()))}
    assert named.isdisjoint(OWN) and named


@pytest.mark.parametrize(
    "action",
    ["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeLoadBalancers"],
)
def test_what_was_not_read_is_unknown(action: str) -> None:
    gap = Unavailable(action=action, resource="*", code="AccessDenied", reason="", denied=True)
    state = p.replace(p.healthy(), load_balancers=(), unavailable=(gap,))
    found = diagnosed(made.own(faults.PROXY, 401), state)
    own = next(d for d in found if d.cause in OWN)
    assert own.confidence is Confidence.POSSIBLE
    assert "denies whoever" in own.summary and "validates a token" in own.summary


@pytest.mark.parametrize(
    ("status", "kind", "body", "is_page"),
    [
        (403, "text/html", made.page(403), True),
        (403, "text/html", made.page(403).replace("<body>", '<body bgcolor="white">'), True),
        (403, "text/html", made.page(403) + "<!-- a padding to disable MSIE and Chrome "
         "friendly error page -->\r\n" * 6, True),
        (403, "text/html", made.page(403) + "<!-- a padding to disable MSIE and Chr", True),
        (403, "text/html", made.page(403) + "<p>more</p>", False),
        (403, "text/plain", made.page(403), False),
        (403, "text/html", made.page(500), False),
        (403, "text/html", "", False),
        (463, "", "", True),
        (400, "text/html", PLAIN, True),
        (403, "text/html", "<html><head><title>403 Forbidden</title></head></html>", False),
        (403, "application/json", "{}", False),
    ],
)  # fmt: skip
def test_the_balancer_s_own_page_is_known_by_its_form(
    status: int, kind: str, body: str, is_page: bool
) -> None:
    assert is_own_page(status, kind, body) is is_page


def test_the_document_has_the_table() -> None:
    text = made.PAGE.read_text(encoding="utf-8")
    assert text == made.written(text), "python -m tests.canary.support.own_answers"
