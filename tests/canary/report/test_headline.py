"""The headline: what users cannot do and why, for every kind of failure."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from canary.model import (
    Assertion,
    Change,
    ChangedBy,
    Comparison,
    Confidence,
    Diagnosis,
    Drift,
    Remedy,
    Report,
    Result,
    Severity,
    Status,
    Step,
    Suite,
    Transition,
)
from canary.report import html
from canary.report.headline import affected, capital, cause, headline, headline_of
from canary.report.page import sections
from tests.canary.support import report_samples as samples


def failed(
    suite: Suite, service: str = "auth", kind: str = "endpoint", *unmet: tuple[str, str]
) -> Result:
    """Return a failing check; `unmet` are expected and actual states."""
    assertions = tuple(
        Assertion(subject="status", expected=e, actual=a, holds=False) for e, a in unmet
    )
    steps = (Step(name="ask", status=Status.FAIL, assertions=assertions),)
    return Result(
        check_id=f"{service}.{suite}", title="t", suite=suite, kind=kind, service=service,
        severity=Severity.HIGH, status=Status.FAIL, steps=steps,
    )  # fmt: skip


def because(summary: str, confidence: Confidence = Confidence.CERTAIN, **more: Any) -> Diagnosis:
    usual: dict[str, Any] = {
        "cause": "port-mismatch", "service": "auth", "resource": "r", "explains": (),
        "evidence": (), "remedy": Remedy(summary="", decision="Decide."),
    }  # fmt: skip
    return Diagnosis(summary=summary, confidence=confidence, **{**usual, **more})


REGISTERING = failed(Suite.REGISTRATION)
REFUSED = failed(Suite.AUTHENTICATION, "auth", "access", ("200", "502"))
ADMITTED = failed(Suite.AUTHENTICATION, "auth", "access", ("401", "200"))
TASKS = failed(Suite.INFRASTRUCTURE, "auth", "ecs_service")
HEALTH = failed(Suite.INFRASTRUCTURE, "mlflow", "endpoint")


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        ((REGISTERING,), "registration fails"),
        ((REFUSED, REGISTERING, HEALTH), "registration and sign-in fail"),
        ((REFUSED,), "sign-in fails"),
        ((ADMITTED,), "callers are admitted who must be refused"),
        ((ADMITTED, REFUSED), "sign-in fails and callers are admitted who must be refused"),
        ((HEALTH, failed(Suite.ENDPOINTS)), "requests to mlflow and auth fail"),
        ([failed(Suite.ENDPOINTS, n) for n in "abc"], "requests to a, b and c fail"),
        ([failed(Suite.ENDPOINTS, n) for n in "abcd"], "requests to a, b and 2 more services fail"),
        ((TASKS,), "1 check of auth fails"),
        ((TASKS, TASKS), "2 checks of auth fail"),
        ((), "a check fails"),
    ],
)
def test_what_users_cannot_do_is_said_in_their_words(failing: Any, words: str) -> None:
    assert affected(tuple(failing)) == words


@pytest.mark.parametrize(
    ("diagnosis", "words"),
    [
        (because("The rule forwards to b. The right one is c."), "the rule forwards to b"),
        (because("No rule of x:443 leads /a.b to y."), "no rule of x:443 leads /a.b to y"),
        (because("Security group a is closed."), "security group a is closed"),
        (because("MLflow refuses the Host header."), "MLflow refuses the Host header"),
        (because("auth-tg 10.0.0.1 is down. More."), "auth-tg 10.0.0.1 is down"),
        (because("A key is lost.", Confidence.LIKELY), "probably a key is lost"),
        (because("auth fails.", Confidence.POSSIBLE), "possibly auth fails"),
    ],
)
def test_a_cause_is_a_clause_and_says_how_sure_it_is(diagnosis: Diagnosis, words: str) -> None:
    assert cause(diagnosis) == words


def test_a_long_cause_is_bounded_and_hostile_text_is_one_visible_line() -> None:
    said = cause(because("x" * 1_000))
    assert said.startswith("x" * 160 + " … (+") and len(said) < 200
    assert cause(because("a\n\u202eb")) == "a ⟨U+202E⟩b"


def test_further_causes_are_counted_and_a_missing_one_is_said() -> None:
    one, two = because("The rule is wrong."), because("B.")
    assert headline_of([REGISTERING], [one]) == "registration fails: the rule is wrong"
    assert headline_of([REGISTERING], [one, two, two]).endswith("the rule is wrong; 2 more causes")
    assert headline_of([REGISTERING], []) == "registration fails; no cause is proven"


def test_where_all_that_users_do_passes_the_headline_says_so_and_only_there() -> None:
    well = samples.healthy()
    (first, *rest) = well.results
    assert first.suite is Suite.INFRASTRUCTURE
    broken = msgspec.structs.replace(first, status=Status.FAIL, kind="ecs_service")
    report = msgspec.structs.replace(well, results=(broken, *rest))
    assert headline(report) == (
        f"1 check of {first.service} fails, what users do still passes; no cause is proven"
    )
    asked = next(r for r in rest if r.suite is Suite.ENDPOINTS)
    unknown = msgspec.structs.replace(asked, status=Status.ERROR)
    others = tuple(unknown if r is asked else r for r in rest)
    blind = msgspec.structs.replace(well, results=(broken, *others))
    assert "users" not in headline(blind), "one of them was not judged"
    answering = msgspec.structs.replace(broken, kind="endpoint")
    report = msgspec.structs.replace(well, results=(answering, *rest))
    assert headline(report) == f"requests to {first.service} fail; no cause is proven"


def test_a_muted_failure_is_not_told() -> None:
    report = msgspec.structs.replace(
        samples.healthy(),
        results=(REGISTERING, msgspec.structs.replace(REFUSED, muted="known")),
    )
    assert headline(report) == "registration fails; no cause is proven"


def test_a_sentence_begins_with_a_capital() -> None:
    assert capital("sign-in fails") == "Sign-in fails" and capital("") == ""


# --- what changed, in one line


def compared(**more: Any) -> Report:
    usual = {"previous": "p", "previous_at": "2026-11-22T09:59:00Z"}
    return msgspec.structs.replace(samples.healthy(), comparison=Comparison(**{**usual, **more}))


def moved(change: Change, since: str = "") -> Transition:
    return Transition(check_id="a", change=change, before=None, after=None, since=since)


def drifted(by: str | None) -> Drift:
    return Drift(resource="r", attribute="a", before="b", after="c", by=by)


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (compared(), "Nothing since the run of 22 Nov 2026 09:59 UTC."),
        (compared(previous=""), "This is the first run: there is no previous run to compare with."),
        (compared(transitions=(moved(Change.BROKE, "2026-11-22T09:59:03Z"),)),
         "1 check broke at 09:59 UTC (1 min 1 s ago)"),
        (compared(transitions=(moved(Change.BROKE, "2026-11-21T09:59:03Z"),) * 2),
         "2 checks broke at 21 Nov 2026 09:59 UTC (1 d 1 min ago)"),
        (compared(transitions=(moved(Change.FIXED), moved(Change.STILL_FAILING)),
                  drift=(drifted(None),)),
         "1 check fixed; 1 check still failing; 1 change in the control plane"),
        (compared(drift=(drifted("alice"), drifted("bob"), drifted("alice"), drifted("eve"))),
         "4 changes in the control plane by alice, bob and 1 more"),
    ],
)  # fmt: skip
def test_what_changed_is_one_line_with_count_time_and_author(report: Report, line: str) -> None:
    assert sections.changed(report) == line


# --- the first screen


def shown(*diagnoses: Diagnosis) -> str:
    seed = msgspec.structs.replace(samples.seed_day(), diagnoses=diagnoses, unexplained=())
    return html.render(seed)


def fixing(*commands: str, **more: Any) -> Diagnosis:
    remedy = Remedy(summary="Mend it.", fix=commands, undo=("aws undo it",))
    return because("The rule is wrong.", remedy=remedy, **more)


def test_who_did_it_stands_beside_the_cause() -> None:
    by = ChangedBy(who="alice", call="DeleteRule", at="2026-11-22T09:56:04Z")
    assert "<strong>changed by alice 4 min ago (DeleteRule)</strong>" in shown(
        fixing("aws x", changed_by=by)
    )
    assert "changed by" not in shown(fixing("aws x"))


def test_two_causes_with_one_fix_print_it_once() -> None:
    page = shown(fixing("aws x"), fixing("aws y"), fixing("aws x"))
    assert page.count("<code>aws x</code>") == 1 and page.count("<code>aws y</code>") == 1
    assert 'Fixed by the <a href="#cause-1">fix of cause 1</a>.' in page


def test_decisions_alone_are_no_common_fix() -> None:
    assert sections.same_fixes([because("A."), because("B.")]) == {}


def test_failing_checks_stand_under_the_cause_that_explains_them() -> None:
    seed = samples.seed_day()
    (first, *_) = seed.diagnoses
    one = msgspec.structs.replace(first, explains=("auth.health", "auth.targets"))
    report = msgspec.structs.replace(seed, diagnoses=(one,))
    failing = [r for r in seed.results if r.status is Status.FAIL]
    explained, others = sections.by_cause(report, failing, 3)
    assert [r.check_id for r in (*explained.full, *explained.brief)] == [
        "auth.health", "auth.targets",
    ]  # fmt: skip
    assert (explained.number, others.number) == (1, 0)
    assert len(explained.full) + len(others.full) == 3
    assert len(others.full) + len(others.brief) == len(failing) - 2
    page = html.render(report)
    assert page.index('id="failing-1"') < page.index('id="check-auth.health"')
    assert page.index('id="check-auth.targets"') < page.index('id="failing-0"')
    assert page.index("Not explained by a proven cause") < page.index(
        f'id="check-{html.anchor(others.full[0].check_id)}"'
    )
