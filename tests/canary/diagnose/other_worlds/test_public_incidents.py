"""Incidents that were reported of services on ECS and of MLflow: the first cause and its remedy."""

from __future__ import annotations

import pytest

from canary.control_plane.state import GroupRule, LogLine, PlatformState, TargetHealth
from canary.diagnose import diagnose
from canary.model import Confidence
from tests.canary.diagnose.other_worlds.scenes import NAMES, commands, judged, revised, said, to
from tests.canary.support import networks as n
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

CERTAIN, LIKELY = Confidence.CERTAIN, Confidence.LIKELY
INIT = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource"
known_or_not = pytest.mark.parametrize("known", [True, False], ids=["with a past", "without"])


# --- https://github.com/aws-samples/ecs-refarch-cloudformation/issues/45

OFFICE = tuple(
    GroupRule(protocol="tcp", from_port=port, to_port=port, cidrs=("203.0.113.0/24",))
    for port in (80, 443)
)
LIMITED = p.change(p.healthy(), "security_groups", "sg-lb-auth", ingress=OFFICE)
UNASKED = p.failed("registry.valid-key", "registry", faults.auth_unavailable())


def test_a_balancer_that_was_limited_to_an_office_shuts_out_who_asks_through_nat() -> None:
    (found,) = judged(LIMITED, p.healthy(), UNASKED)
    assert (found.cause, found.resource) == ("security-group-blocked", "sg-lb-auth")
    assert found.confidence is LIKELY  # the NAT gateway's address may be the office's
    assert found.remedy.fix == () and "registry to the public name of auth" in found.summary


@known_or_not
def test_a_balancer_that_some_addresses_reach_as_ever_is_not_the_cause(known: bool) -> None:
    """Whether the NAT gateway is among them is not known: it was, as far as anybody can tell."""
    found = judged(LIMITED, LIMITED if known else None, UNASKED)
    assert "security-group-blocked" not in {d.cause for d in found}


@pytest.mark.parametrize(
    ("address", "sure"), [("198.51.100.7", [CERTAIN]), ("203.0.113.7", []), ("", [])]
)
def test_the_address_of_the_nat_gateway_decides_where_it_is_read(
    address: str, sure: list[Confidence]
) -> None:
    network = n.healthy()
    gateways = tuple(
        p.replace(g, addresses=(address,) if address else ()) for g in network.nat_gateways
    )
    state = faults.service(LIMITED, "registry", public_address="DISABLED")
    state = p.replace(state, network=p.replace(network, nat_gateways=gateways))
    found = judged(state, None, UNASKED)
    assert [d.confidence for d in found if d.cause == "security-group-blocked"] == sure
    # a healthy run reads no gateway: the group was so while all was well
    as_ever = judged(state, p.replace(state, network=None), UNASKED)
    told = [d.confidence for d in as_ever if d.cause == "security-group-blocked"]
    assert CERTAIN not in told


# --- https://github.com/umotif-public/terraform-aws-ecs-fargate/issues/50


def test_egress_that_was_narrowed_to_the_vpc_is_the_groups() -> None:
    words = f"{INIT} retrieval failed: RequestCanceled: context deadline exceeded"
    down = faults.stops("registry", words, "TaskFailedToStart")(p.healthy())
    inner = GroupRule(protocol="-1", from_port=-1, to_port=-1, cidrs=("10.0.0.0/16",))
    state = p.change(down, "security_groups", "sg-registry", egress=(inner,))
    found = judged(state, p.healthy(), *faults.by_id("api-scaled-to-zero").failures())[0]
    assert (found.cause, found.resource) == ("security-group-blocked", "sg-registry")
    assert [c.split()[2] for c in found.remedy.fix] == [
        "authorize-security-group-egress", "update-service",
    ]  # fmt: skip


# --- https://github.com/aws/amazon-ecs-cli/issues/1169


def test_a_reference_without_its_last_colons_is_named() -> None:
    words = f"{INIT} unable to retrieve secret from asm: unexpected ARN format with parameters"
    down = faults.stops("registry", words, "TaskFailedToStart")(p.healthy())
    container = p.definition(NAMES, "registry").containers[0]
    short = {n: r.removesuffix("::") for n, r in container.secrets.items()}
    definitions = tuple(
        p.replace(d, containers=(p.replace(container, secrets=short),))
        if d.family == NAMES.of("registry") else d
        for d in down.task_definitions
    )  # fmt: skip
    state = p.replace(down, task_definitions=definitions)
    (found,) = judged(state, state, *faults.by_id("api-scaled-to-zero").failures())
    assert (found.cause, found.remedy.fix) == ("secret-unavailable", ())
    assert found.remedy.decision.startswith("Mend the reference of DB_PASSWORD in a new revision")


# --- https://github.com/mlflow/mlflow/issues/10493

OUTDATED = "mlflow.exceptions.MlflowException: Detected out-of-date database schema (found version"


def test_mlflow_that_refuses_its_schema_says_so_itself() -> None:
    exits = ("Essential container in task exited", "EssentialContainerExited", 1)
    state = faults.stops("mlflow", *exits)(p.healthy())
    dead = next(t for s in state.ecs_services for t in s.tasks if t.stopped_at)
    line = LogLine(at=p.ago(3), message=f"{OUTDATED} 1, but expected 2)", stream="ecs/c/dead")
    state = p.replace(state, last_lines={dead.arn: (line,)})
    (found,) = judged(state, p.healthy(), *faults.by_id("mlflow-scaled-to-zero").failures())
    assert (found.cause, found.confidence) == ("database-schema-outdated", LIKELY)
    assert any(OUTDATED in e.seen for e in found.evidence)
    assert "snapshot" in found.remedy.decision and "mlflow db upgrade" in found.remedy.decision


# --- https://github.com/mlflow/mlflow/issues/19691


@known_or_not
def test_a_health_check_that_mlflow_refuses_is_not_its_tasks_fault(known: bool) -> None:
    sick = TargetHealth(
        id=p.ADDRESSES["mlflow"], port=5000, state="unhealthy",
        reason="Target.ResponseCodeMismatch",
        description="Health checks failed with these codes: [403]",
    )  # fmt: skip
    state = p.change(p.healthy(), "target_groups", NAMES.group("mlflow"), targets=(sick,),
                     health_path="/mlflow/health")  # fmt: skip
    results = (
        p.control("target_group", "mlflow"),
        p.failed("mlflow.ui", "registry", p.page(f"{faults.REGISTRY}/mlflow/", 503)),
    )
    (found,) = judged(state, p.healthy() if known else None, *results)
    assert found.cause == "health-check-mismatch"
    assert found.remedy.fix[0].endswith("--health-check-path /health")


# --- https://github.com/benoitc/gunicorn/issues/2417


def test_a_dependency_that_fails_since_its_revision_goes_back_to_the_one_before() -> None:
    container = p.definition(NAMES, "mlflow").containers[0]
    named = p.replace(container, variables=(*container.variables, "GUNICORN_CMD_ARGS"))
    state = revised(p.healthy(), "mlflow", containers=(named,))
    (found,) = judged(state, p.healthy(), *faults._mlflow_down(direct=False))
    assert (found.cause, found.service) == ("dependency-unreachable", "mlflow")
    assert NAMES.revision("mlflow", 7) in found.remedy.fix[0]
    assert any("GUNICORN_CMD_ARGS is new" in e.seen for e in found.evidence)


# --- https://github.com/hashicorp/terraform-provider-aws/issues/258


def test_no_command_leads_to_a_revision_that_was_deregistered() -> None:
    state, results = faults.plant(faults.by_id("auth-crashes"))
    gone = tuple(
        p.replace(d, status="INACTIVE") if d.family == NAMES.of("auth") and d.revision < 8 else d
        for d in state.task_definitions
    )
    found = judged(p.replace(state, task_definitions=gone), p.healthy(), *results)
    assert said(found) == [("task-crash-loop", CERTAIN)]
    assert commands(found) == "" and found[0].remedy.decision


# --- https://github.com/mlflow/mlflow/issues/9496


def test_tasks_that_lost_their_role_get_it_back_with_the_revision_before() -> None:
    def roles(state: PlatformState, *revisions: int) -> PlatformState:
        return p.replace(state, task_definitions=tuple(
            p.replace(d, task_role="arn:aws:iam::123456789012:role/ml")
            if d.family == NAMES.of("mlflow") and d.revision in revisions else d
            for d in state.task_definitions
        ))  # fmt: skip

    words = '{"error_code":"INTERNAL_ERROR","message":"Unable to locate credentials: artifacts"}'
    url = f"{faults.REGISTRY}/api/mlflow/api/2.0/mlflow-artifacts/artifacts"
    lost = p.failed("registry.artifacts", "registry", p.answer(url, 500, words))
    (found,) = judged(roles(revised(p.healthy(), "mlflow"), 6, 7), roles(p.healthy(), 6, 7), lost)
    assert (found.cause, found.confidence) == ("artifact-store-failing", LIKELY)
    assert any("task_role" in e.seen for e in found.evidence)
    assert NAMES.revision("mlflow", 7) in found.remedy.fix[0]


# --- https://github.com/mlflow/mlflow/issues/2690


def test_a_deleted_experiment_is_nobodys_fault() -> None:
    seen = p.answer(faults.PROXY, 200, '{"experiments":[]}')
    lost = p.failed("registry.experiments", "registry", seen)
    verdict = diagnose([lost], p.healthy(), p.environment(NAMES), p.healthy(), p.NOW)
    assert (verdict.diagnoses, len(verdict.unexplained)) == ((), 1)


# --- https://github.com/terraform-aws-modules/terraform-aws-alb/issues/289


@known_or_not
def test_two_rules_that_exchanged_their_actions_are_both_named(known: bool) -> None:
    first, second, _ = NAMES.priorities
    state = faults.with_rule(p.healthy(), first, to(NAMES.group("registry")))
    state = faults.with_rule(state, second, to(NAMES.group("mlflow")))
    page = p.answer(f"{faults.REGISTRY}/mlflow/", 404, '{"detail":"Not Found"}')
    found = judged(state, p.healthy() if known else None, *faults._misrouted(),
                   p.failed("mlflow.ui", "mlflow", page))  # fmt: skip
    assert said(found) == [("rule-wrong-target", CERTAIN)] * 2
    assert {d.resource.rpartition("/")[2] for d in found} == {str(first), str(second)}
    assert [c.split()[2] for d in found for c in d.remedy.fix] == ["modify-rule"] * 2


# --- a container's health check that was copied from an example


def test_a_container_health_check_of_another_port_goes_back() -> None:
    container = p.definition(NAMES, "registry").containers[0]
    check = "CMD-SHELL curl -f http://localhost:80/ || exit 1"
    state = revised(
        p.healthy(), "registry", containers=(p.replace(container, health_command=check),)
    )
    state = faults.stops("registry", "Task failed container health checks", "")(state)
    (found,) = judged(state, p.healthy(), *faults.by_id("api-scaled-to-zero").failures())
    assert (found.cause, found.confidence) == ("health-check-mismatch", CERTAIN)
    assert any(check in e.seen for e in found.evidence)
    assert NAMES.revision("registry", 7) in found.remedy.fix[0]


# --- https://github.com/aws/aws-cdk/issues/7040


def test_the_health_check_of_a_service_that_codedeploy_deploys_is_mended() -> None:
    """UpdateService is refused there; the group's health check is not the service's."""
    sick = TargetHealth(
        id=p.ADDRESSES["auth"], port=8000, state="unhealthy",
        reason="Target.ResponseCodeMismatch",
        description="Health checks failed with these codes: [404]",
    )  # fmt: skip
    before = faults.service(p.healthy(), "auth", controller="CODE_DEPLOY")
    state = p.change(before, "target_groups", NAMES.group("auth"), targets=(sick,),
                     health_path="/healthz-nope")  # fmt: skip
    (found,) = judged(state, before, p.control("target_group", "auth"))
    assert (found.cause, found.confidence) == ("health-check-mismatch", CERTAIN)
    assert [c.split()[2] for c in found.remedy.fix] == ["modify-target-group"]
