"""Faults of health checks, ports, security groups and TLS between balancer and targets."""

from __future__ import annotations

import datetime as dt
import time

from sandbox.faults.context import FaultContext
from sandbox.seed.authority import Authority, Material, import_certificate, platform_identities
from sandbox.world.world import AUTH

NOBODY = "10.0.1.250"


def api_health_path_wrong(context: FaultContext) -> None:
    """Ask the API for a health path that it does not have."""
    context.change_target_group(context.api.target_group, HealthCheckPath="/health/nothing-here")


def mlflow_matcher_wrong(context: FaultContext) -> None:
    """Expect 200 where MLflow answers otherwise."""
    context.change_target_group(context.mlflow.target_group, HealthCheckPath="/mlflow")


def api_health_port_wrong(context: FaultContext) -> None:
    """Check the API's health on the auth service's port."""
    context.change_target_group(context.api.target_group, HealthCheckPort=str(context.auth.port))


def health_check_speaks_tls(context: FaultContext) -> None:
    """Check MLflow's health over TLS, which it does not speak."""
    context.change_target_group(context.mlflow.target_group, HealthCheckProtocol="HTTPS")


def api_listens_elsewhere(context: FaultContext) -> None:
    """Have the API listen on 8000 while the task definition maps 8001."""
    context.deploy_for_good(context.api, context.set_variable(context.api, "PORT", "8000"))


def api_blocked(context: FaultContext) -> None:
    """Take away the API tasks' ingress from the registry's balancer."""
    context.revoke(context.api.group, context.api.port, context.registry.group)


def auth_blocked(context: FaultContext) -> None:
    """Take away the auth tasks' ingress from the auth balancer."""
    balancer = context.world.balancer_of(AUTH)
    context.revoke(context.auth.group, context.auth.port, balancer.group)


def mlflow_blocked_from_api(context: FaultContext) -> None:
    """Take away MLflow's ingress from the API; the balancer still gets in."""
    context.revoke(context.mlflow.group, context.mlflow.port, context.api.group)


def redis_blocked_from_api(context: FaultContext) -> None:
    """Take away the cache's ingress from the API, and replace its task: open connections stay."""
    context.revoke(context.world.cache.group, context.world.cache.port, context.api.group)
    context.deploy_for_good(context.api, context.definition(context.api))


def database_blocked_from_mlflow(context: FaultContext) -> None:
    """Take away the database's ingress from MLflow, and replace its task."""
    context.revoke(context.world.database.group, context.world.database.port, context.mlflow.group)
    context.deploy_for_good(context.mlflow, context.definition(context.mlflow))


def one_of_two_bad(context: FaultContext) -> None:
    """Register an address beside the API's task where nothing answers."""
    made = context.client("ec2").create_network_interface(
        SubnetId=context.platform.vpc.private[0],
        PrivateIpAddress=NOBODY,
        Groups=[context.platform.vpc.groups[context.api.group]],
        Description="left over from a task of yesterday",
    )["NetworkInterface"]["NetworkInterfaceId"]
    context.afterwards(
        lambda: context.client("ec2").delete_network_interface(NetworkInterfaceId=made)
    )
    context.client("elbv2").register_targets(
        TargetGroupArn=context.target_group(context.api.target_group),
        Targets=[{"Id": NOBODY, "Port": context.api.port}],
    )


def certificate_expired(context: FaultContext) -> None:
    """Let the registry's certificate run out (ACM imports none that has, so wait for it)."""
    moment = context.twin.authority.platform(valid_days=2.0 / 86_400, age_days=90)
    _serve(context, moment, f"{context.world.zone} until yesterday")
    end = dt.datetime.now(dt.UTC).timestamp() + 2.1
    time.sleep(max(0.0, end - time.time()))


def certificate_expiring(context: FaultContext) -> None:
    """Serve a certificate with five days left."""
    _serve(context, context.twin.authority.platform(valid_days=5, age_days=85), context.world.zone)


def certificate_wrong_name(context: FaultContext) -> None:
    """Serve a certificate of another site."""
    _serve(context, context.twin.authority.issue("*.hokusai.example"), "hokusai.example")


def certificate_untrusted(context: FaultContext) -> None:
    """Serve a certificate that an unknown authority signed."""
    stranger = Authority(context.world)
    _serve(context, stranger.issue(*platform_identities(context.world)), "self-made")


def _serve(context: FaultContext, material: Material, name: str) -> None:
    arn = import_certificate(context.twin.aws, material, name)
    context.client("elbv2").modify_listener(
        ListenerArn=context.listener(context.registry),
        Certificates=[{"CertificateArn": arn}],
    )
