"""Several faults at once, as they happened on certain days."""

from __future__ import annotations

import time

from sandbox.faults import routing
from sandbox.faults.context import FaultContext

NEVER_S = 2_147_483_647  # ECS's greatest grace period: the unhealthy task is left alone
NO_BREAKER = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
}


def seed_day(context: FaultContext) -> None:
    """The platform on 2025-08-05: auth answers 502, /api/mlflow/* goes to the wrong group."""
    _break_auth(context)
    routing.mlflow_api_rule_wrong_target(context)


def seed_day_as_reported(context: FaultContext) -> None:
    """The same day as the report believed it to be: no rule for /api/mlflow/* at all."""
    _break_auth(context)
    routing.mlflow_api_rule_missing(context)


def _break_auth(context: FaultContext) -> None:
    """Leave auth with a task that listens elsewhere, and a deployment that never completes.

    ECS then says 1/1 with two deployments, while the balancer is refused and answers 502.
    """
    ecs = context.client("ecs")
    elsewhere = context.set_variable(context.auth, "PORT", "8080")
    context.container(elsewhere, context.auth).pop("healthCheck", None)
    ecs.update_service(
        cluster=context.world.cluster,
        service=context.auth.name,
        healthCheckGracePeriodSeconds=NEVER_S,
    )
    broken = context.deploy_for_good(context.auth, elsewhere)
    _wait_until_alone(context, broken)
    crashing = "crash-on-start:RuntimeError: could not load settings"
    context.deploy(
        context.auth,
        context.set_variable(context.auth, "SANDBOX_BEHAVIOUR", crashing),
        deploymentConfiguration=NO_BREAKER,
    )


def _wait_until_alone(context: FaultContext, definition: str) -> None:
    """Wait up to 30 s until a revision is the only one that runs.

    Raises TimeoutError: with another revision beside it the day would not be that day.
    """
    for _ in range(150):
        answer = context.client("ecs").describe_services(
            cluster=context.world.cluster, services=[context.auth.name]
        )
        service = answer["services"][0]
        revisions = {(d["taskDefinition"], d["runningCount"]) for d in service["deployments"]}
        if revisions == {(definition, 1)}:
            return
        time.sleep(0.2)
    raise TimeoutError(f"{definition} does not run alone")
