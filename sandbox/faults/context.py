"""The AWS API and the short-cuts that a fault uses to change a twin."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.seed.balancers import conditions, create_rule, environment_tags, forward
from sandbox.seed.network import permission
from sandbox.world.parts import Balancer, Rule, Service
from sandbox.world.world import API, MLFLOW

if TYPE_CHECKING:
    from sandbox.twin import Twin

Definition = dict[str, Any]
# what DescribeTaskDefinition returns and RegisterTaskDefinition does not take
READ_ONLY = (
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
)


class FaultContext:
    """A twin and the changes that faults make to it."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.world = twin.world
        self.platform = twin.platform
        self.data = twin.dataplane

    def client(self, service: str) -> Any:
        """Return a client of the twin's AWS, as the operator."""
        return self.twin.aws.client(service)

    def afterwards(self, undo: Callable[[], object]) -> None:
        """Register a function that removes an addition of a fault; heal calls it."""
        self.twin.undo.append(undo)

    @property
    def auth(self) -> Service:
        """Return the auth service."""
        return self.world.auth

    @property
    def api(self) -> Service:
        """Return the registry's API."""
        return self.world.api

    @property
    def mlflow(self) -> Service:
        """Return MLflow."""
        return self.world.mlflow

    # --- load balancing

    @property
    def registry(self) -> Balancer:
        """Return the balancer in front of the registry."""
        return self.world.balancer_of_registry

    def listener(self, balancer: Balancer, name: str = "serving") -> str:
        """Return the present ARN of one of a balancer's listeners."""
        arn = self.platform.balancers.balancers[balancer.name]
        port = balancer.listeners[name].port
        found = self.client("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"]
        return str(next(each["ListenerArn"] for each in found if each["Port"] == port))

    def rule(self, name: str) -> str:
        """Return the present ARN of a rule on the registry's serving listener."""
        priority = str(self.registry.rules[name].priority)
        listener = self.listener(self.registry)
        rules = self.client("elbv2").describe_rules(ListenerArn=listener)["Rules"]
        return str(next(r["RuleArn"] for r in rules if r["Priority"] == priority))

    def own_rules(self) -> list[Rule]:
        """Return the rules that lead to API and MLflow on the registry's serving listener."""
        return [r for r in self.registry.rules.values() if r.to in (API, MLFLOW)]

    def conditions(self, *paths: str) -> list[dict[str, Any]]:
        """Return a rule's conditions for paths, on the registry's own hosts where it has such."""
        return conditions(paths, next((r.hosts for r in self.own_rules()), ()))

    def add_rule(self, priority: int, paths: tuple[str, ...], group: str) -> None:
        """Add a rule to the registry's serving listener, for its own host where it shares one."""
        create_rule(
            self.client("elbv2"),
            self.listener(self.registry),
            priority,
            self.conditions(*paths),
            [forward(group)],
            environment_tags(self.world),
        )

    def target_group(self, name: str) -> str:
        """Return a target group's ARN."""
        return self.platform.balancers.target_groups[name]

    def change_target_group(self, name: str, **changes: Any) -> None:
        """Change a target group's health check."""
        self.client("elbv2").modify_target_group(TargetGroupArn=self.target_group(name), **changes)

    # --- security groups

    def revoke(self, group: str, port: int, source: str) -> None:
        """Remove one ingress rule."""
        ids = self.platform.vpc.groups
        self.client("ec2").revoke_security_group_ingress(
            GroupId=ids[group], IpPermissions=[permission(ids, port, source)]
        )

    # --- ECS

    def definition(self, service: Service) -> Definition:
        """Return the service's running task definition, ready to be registered again."""
        ecs = self.client("ecs")
        running = ecs.describe_services(cluster=self.world.cluster, services=[service.name])
        arn = running["services"][0]["taskDefinition"]
        found = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return {k: v for k, v in copy.deepcopy(found).items() if k not in READ_ONLY}

    @staticmethod
    def container(definition: Definition, service: Service) -> Definition:
        """Return the service's own container of a definition, whatever stands beside it."""
        found: list[Definition] = definition["containerDefinitions"]
        return next(each for each in found if each["name"] == service.container)

    def deploy(self, service: Service, definition: Definition, **service_changes: Any) -> str:
        """Register a revision and deploy it, as a pipeline does."""
        ecs = self.client("ecs")
        answer = ecs.register_task_definition(**definition)
        arn = answer["taskDefinition"]["taskDefinitionArn"]
        ecs.update_service(
            cluster=self.world.cluster, service=service.name, taskDefinition=arn, **service_changes
        )
        return str(arn)

    def deploy_for_good(
        self, service: Service, definition: Definition, **service_changes: Any
    ) -> str:
        """Deploy without the circuit breaker's rollback, so that the bad revision stays."""
        return self.deploy(
            service,
            definition,
            deploymentConfiguration={
                "deploymentCircuitBreaker": {"enable": False, "rollback": False},
                "minimumHealthyPercent": 0,  # the old task makes room: no second one serves
                "maximumPercent": 100,
            },
            **service_changes,
        )

    def set_variable(self, service: Service, name: str, value: str | None) -> Definition:
        """Return the service's definition with one plain variable set, or without it."""
        definition = self.definition(service)
        container = self.container(definition, service)
        kept = [pair for pair in container["environment"] if pair["name"] != name]
        container["environment"] = kept if value is None else [*kept, _pair(name, value)]
        return definition

    def set_secret(self, service: Service, name: str, value_from: str | None) -> Definition:
        """Return the service's definition with one injected secret set, or without it."""
        definition = self.definition(service)
        container = self.container(definition, service)
        kept = [pair for pair in container.get("secrets", []) if pair["name"] != name]
        if value_from is not None:
            kept.append({"name": name, "valueFrom": value_from})
        container["secrets"] = kept
        return definition

    def behave(self, service: Service, behaviour: str) -> None:
        """Deploy an image that misbehaves, as a bad build does."""
        self.deploy_for_good(service, self.set_variable(service, "SANDBOX_BEHAVIOUR", behaviour))

    def restart(self, service: Service) -> None:
        """Replace the service's tasks by new ones of the same revision."""
        self.client("ecs").update_service(
            cluster=self.world.cluster, service=service.name, forceNewDeployment=True
        )

    # --- secrets

    def put_secret(self, name: str, value: str) -> None:
        """Give a secret a new value."""
        self.client("secretsmanager").put_secret_value(SecretId=name, SecretString=value)

    def secret(self, name: str) -> str:
        """Return a secret's present value."""
        return str(self.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


def _pair(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}
