"""Names of AWS's resources in an environment file, checked against AWS's own patterns.

They are printed as parts of commands: what AWS could not have created is refused where it is read.
Sources: the API references of ECS (CreateCluster, CreateService, ContainerDefinition), Elastic Load
Balancing (CreateLoadBalancer, CreateTargetGroup, "Path conditions"), CloudWatch Logs
(CreateLogGroup), EC2 (CreateSecurityGroup), Cloud Map (CreateService), Secrets Manager
(CreateSecret), RDS (CreateDBInstance, CreateDBCluster), ElastiCache
(CreateReplicationGroup, CreateCacheCluster).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.model import Environment, Role, Service
from canary.model.names import LOG_GROUP

_ECS = (r"[A-Za-z0-9_-]{1,255}", "letters, digits, _ and -, at most 255")
_BALANCING = (
    r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)",
    "letters, digits and -, at most 32, no - at either end",
)
_LOGS = (LOG_GROUP, "letters, digits and . - _ / #, at most 512")
_FURTHER_LOGS = (
    r"(?=[.\-_/#]*[A-Za-z0-9])[.\-_/#A-Za-z0-9]{1,511}\*?",
    "a log group, or the beginning of one with a letter or digit and then *, at most 512",
)
_DNS = (r"[A-Za-z0-9_.\-]{1,253}", "labels of letters, digits, _ and -, with dots between them")
_STORE = (
    r"(?!.*--)[A-Za-z][A-Za-z0-9-]{0,62}(?<!-)",
    "letters, digits and single -, at most 63, a letter first and no - last",
)
_GROUP = (
    r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}",
    "letters, digits, blanks and ._-:/()#,@[]+=&;{}!$*, at most 255",
)
_SECRET = (
    # services of AWS make secrets with "!" behind their own name, such as rds!cluster-…
    r"(?:arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:)?[A-Za-z0-9/_+=.@!\-]{1,512}",
    "a name of letters, digits and / _ + = . @ ! -, or an ARN",
)
_REGION = (r"(?!-)[a-z0-9-]{1,63}(?<!-)", "small letters, digits and -, such as us-east-1")
_PATH = (r"""[A-Za-z0-9_\-.$/~"'@:+&*?]{1,128}""", "what a path condition allows, at most 128")
Rule = tuple[str, str]
SERVICE: dict[str, Rule] = {
    "ecs_service": _ECS,
    "container": _ECS,
    "load_balancer": _BALANCING,
    "target_groups": _BALANCING,
    "log_group": _LOGS,
    "further_log_groups": _FURTHER_LOGS,
    "discovery": _DNS,
    "instance": _STORE,
    "security_group": _GROUP,
}


def name_problems(environment: Environment) -> Iterator[str]:
    """Yield `key: what is wrong` for each name that AWS cannot have given."""
    yield from _problem("region", environment.region, _REGION)
    yield from _problem("cluster", environment.cluster, _ECS)
    for name, service in sorted(environment.services.items()):
        yield from _of_service(f"services.{name}", service)
    yield from _problem("principals_secret", environment.principals_secret, _SECRET)
    for name, principal in sorted(environment.principals.items()):
        yield from _problem(f"principals.{name}.secret", principal.secret, _SECRET)
    for number, route in enumerate(environment.routes):
        yield from _problem(f"routes[{number}].pattern", route.pattern, _PATH)


def _of_service(key: str, service: Service) -> Iterator[str]:
    for field, rule in SERVICE.items():
        found = getattr(service, field)
        for value in found if isinstance(found, tuple) else (found,):
            yield from _problem(f"{key}.{field}", value, rule)


def store_problems(environment: Environment) -> Iterator[str]:
    """Yield `key: what is wrong` for each `instance` of a service that can have none."""
    for name, service in sorted(environment.services.items()):
        key, role = f"services.{name}.instance", environment.role_of(name)
        if service.instance and role not in (Role.DATABASE, Role.CACHE):
            yield f"{key}: only a database or a cache has one, and the role is {role}"
        elif service.instance and service.ecs_service:
            yield f"{key}: ECS runs this service (ecs_service), so neither RDS nor ElastiCache does"


def _problem(key: str, value: str, rule: Rule) -> Iterator[str]:
    if value and not re.fullmatch(rule[0], value):
        yield f"{key}: {value[:80]!a} is no name that AWS gives ({rule[1]})"
