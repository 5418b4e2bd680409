"""An idle timeout that is shorter than answers take, and the one that it is set back to."""

from __future__ import annotations

from canary.control_plane.state import PlatformState
from canary.diagnose.core.finding import Finding
from canary.diagnose.edge.idle_timeout import IDLE, idle_timeout
from canary.model import Confidence, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import BALANCER, HEALTHY, case

LATE = p.failed("registry.proxy", "registry", p.page(faults.PROXY, 504))
OTHER = p.failed("auth.health", "auth", p.page(f"{faults.AUTH}/health", 504))


def idle(seconds: str, arn: str = BALANCER.arn, state: PlatformState = HEALTHY) -> PlatformState:
    return p.change(state, "load_balancers", arn, attributes={IDLE: seconds})


def found(
    state: PlatformState, before: PlatformState | None = None, *results: Result
) -> list[Finding]:
    return list(idle_timeout(case(state, before, *(results or (LATE,)))))


def test_a_timeout_below_thirty_seconds_is_too_short() -> None:
    for seconds in ("1", "29"):
        (one,) = found(idle(seconds))
        assert one.summary == f"hokusai-registry-lb gives its targets {seconds} s to answer."
        assert (one.cause, one.service) == ("balancer-attribute-wrong", "registry")
        assert (one.resource, one.confidence) == (BALANCER.arn, Confidence.LIKELY)
        (line,) = one.evidence
        assert (line.resource, line.seen, line.expected) == (
            f"hokusai-registry-lb {IDLE}", seconds, "60",
        )  # fmt: skip
        assert one.remedy.summary == "Set the idle timeout back to 60 s."
    for seconds in ("30", "31", "4000", "", "x"):
        assert found(idle(seconds)) == []
    assert found(HEALTHY) == []


def test_only_answers_that_came_too_late_at_that_balancer_count() -> None:
    short = idle("3")
    assert found(short, None, OTHER) == []
    assert found(short, None, p.failed("r", "registry", p.page(faults.PROXY, 502))) == []
    (one,) = found(short, None, LATE, OTHER)
    assert {f.check_id for f in one.explained_failures} == {"registry.proxy"}
    both = idle("4", HEALTHY.load_balancers[0].arn, short)
    assert [(f.service, f.evidence[0].seen) for f in found(both, None, LATE, OTHER)] == [
        ("auth", "4"), ("registry", "3"),
    ]  # fmt: skip
    mixed = p.failed("m", "registry", p.page(f"{faults.REGISTRY}/mlflow/", 504))
    (one,) = found(short, None, mixed, LATE)
    assert one.service == "mlflow"  # the first by name of those that had to answer


def test_a_longer_one_of_before_is_what_it_is_set_back_to() -> None:
    def back(was: str) -> tuple[str, Confidence]:
        (one,) = found(idle("20"), idle(was))
        return one.evidence[0].expected, one.confidence

    assert back("21") == ("21", Confidence.CERTAIN)
    assert back("60") == ("60", Confidence.CERTAIN)
    for was in ("20", "19", "", "x"):
        assert back(was) == ("60", Confidence.LIKELY)
    (one,) = found(idle("20"), idle("90", HEALTHY.load_balancers[0].arn))
    assert one.evidence[0].expected == "60"


def test_the_fix_sets_the_timeout_and_shows_the_attributes() -> None:
    (one,) = found(idle("20"), idle("90"))
    remedy = one.remedy
    (fix,), (undo,) = remedy.fix, remedy.undo
    assert BALANCER.arn in fix and '"Value":"90"' in fix and '"Value":"20"' in undo
    assert remedy.inspect == remedy.verify
    (show,) = remedy.verify
    assert "describe-load-balancer-attributes" in show and BALANCER.arn in show
