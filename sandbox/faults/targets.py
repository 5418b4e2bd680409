"""Faults between a balancer and its targets: health checks, ports, security groups, TLS."""

from __future__ import annotations

import datetime as dt
import time

from sandbox import names
from sandbox.faults.site import Site
from sandbox.seed.authority import Authority, Material, import_certificate, platform_identities

NOBODY = "10.0.1.250"


def api_health_path_wrong(site: Site) -> None:
    """Ask the API for a health path that it does not have."""
    site.change_target_group(names.API_TARGET_GROUP, HealthCheckPath="/health/nothing-here")


def mlflow_matcher_wrong(site: Site) -> None:
    """Expect 200 where MLflow answers otherwise."""
    site.change_target_group(names.MLFLOW_TARGET_GROUP, HealthCheckPath="/mlflow")


def api_health_port_wrong(site: Site) -> None:
    """Check the API's health on the auth service's port."""
    site.change_target_group(names.API_TARGET_GROUP, HealthCheckPort="8000")


def health_check_speaks_tls(site: Site) -> None:
    """Check MLflow's health over TLS, which it does not speak."""
    site.change_target_group(names.MLFLOW_TARGET_GROUP, HealthCheckProtocol="HTTPS")


def api_listens_elsewhere(site: Site) -> None:
    """Have the API listen on 8000 while the task definition maps 8001."""
    site.deploy_for_good(names.API_SERVICE, site.set_variable(names.API_SERVICE, "PORT", "8000"))


def api_blocked(site: Site) -> None:
    """Take away the API tasks' ingress from the registry's balancer."""
    site.revoke(names.API_TASK_GROUP, 8001, names.REGISTRY_BALANCER_GROUP)


def auth_blocked(site: Site) -> None:
    """Take away the auth tasks' ingress from the auth balancer."""
    site.revoke(names.AUTH_TASK_GROUP, 8000, names.AUTH_BALANCER_GROUP)


def mlflow_blocked_from_api(site: Site) -> None:
    """Take away MLflow's ingress from the API; the balancer still gets in."""
    site.revoke(names.MLFLOW_TASK_GROUP, 5000, names.API_TASK_GROUP)


def redis_blocked_from_api(site: Site) -> None:
    """Take away the cache's ingress from the API."""
    site.revoke(names.REDIS_GROUP, names.REDIS_PORT, names.API_TASK_GROUP)


def database_blocked_from_mlflow(site: Site) -> None:
    """Take away the database's ingress from MLflow, and replace its task."""
    site.revoke(names.DATABASE_GROUP, names.DATABASE_PORT, names.MLFLOW_TASK_GROUP)
    site.deploy_for_good(names.MLFLOW_SERVICE, site.definition(names.MLFLOW_SERVICE))


def one_of_two_bad(site: Site) -> None:
    """Register an address beside the API's task where nothing answers."""
    made = site.client("ec2").create_network_interface(
        SubnetId=site.platform.vpc.private[0],
        PrivateIpAddress=NOBODY,
        Groups=[site.platform.vpc.groups[names.API_TASK_GROUP]],
        Description="left over from a task of yesterday",
    )["NetworkInterface"]["NetworkInterfaceId"]
    site.afterwards(lambda: site.client("ec2").delete_network_interface(NetworkInterfaceId=made))
    site.client("elbv2").register_targets(
        TargetGroupArn=site.target_group(names.API_TARGET_GROUP),
        Targets=[{"Id": NOBODY, "Port": names.PORTS[names.API_SERVICE]}],
    )


def certificate_expired(site: Site) -> None:
    """Let the registry's certificate run out (ACM imports none that has, so wait for it)."""
    moment = site.twin.authority.platform(valid_days=2.0 / 86_400, age_days=90)
    _serve(site, moment, "hokus.ai until yesterday")
    end = dt.datetime.now(dt.UTC).timestamp() + 2.1
    time.sleep(max(0.0, end - time.time()))


def certificate_expiring(site: Site) -> None:
    """Serve a certificate with five days left."""
    _serve(site, site.twin.authority.platform(valid_days=5, age_days=85), "hokus.ai")


def certificate_wrong_name(site: Site) -> None:
    """Serve a certificate of another site."""
    _serve(site, site.twin.authority.issue("*.hokusai.example"), "hokusai.example")


def certificate_untrusted(site: Site) -> None:
    """Serve a certificate that an unknown authority signed."""
    _serve(site, Authority().issue(*platform_identities()), "self-made")


def _serve(site: Site, material: Material, name: str) -> None:
    arn = import_certificate(site.twin.aws, material, name)
    site.client("elbv2").modify_listener(
        ListenerArn=site.listener(names.REGISTRY_BALANCER), Certificates=[{"CertificateArn": arn}]
    )
