"""Write a survey as an environment file with comments, and as a first set of checks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec

from canary.model import Check, Environment, Role, RouteRule, Service
from canary.survey.toml import comment, key, pair
from canary.survey.values import Survey

KEYS = (
    *("url", "role", "ecs_service", "container", "port", "load_balancer", "target_groups"),
    *(
        "health_path",
        "log_group",
        "further_log_groups",
        "discovery",
        "security_group",
        "instance",
        "depends_on",
    ),
    "connect_to",
)
MEANING = {
    "url": "what users reach it by",
    "role": "its part for the others: api, identity, mlflow, cache, database, other",
    "health_path": "as its target group asks for it",
    "log_group": "read after a failure alone",
    "further_log_groups": "of its other containers; read after a crash alone",
    "discovery": "its name in Cloud Map",
    "security_group": "of a part that ECS does not run",
    "instance": "in RDS or ElastiCache; read after a failure alone",
    "depends_on": "by addresses in variables and by security groups",
    "connect_to": "other addresses than those of DNS, as they were given",
}
AFTER = """\

# Whose key the canary sends. Nothing was sent with one so far: what only a signed-in user sees is
# not checked. Store a key in Secrets Manager, name it here, and name the principal in a check.
# [principals.user]
# secret = "NAME"
# form = "basic" # where it is a user name and a password: docs/another-platform.md

# Who is told, beside the alarms: topics, Slack, Teams, PagerDuty (docs/operations.md).
# [notify]
# ticket = ["team@example.com"]
# page = ["on-call@example.com"]

[schedule]
expression = "rate(1 minute)"
"""


def environment(found: Survey, name: str, checks: str, moment: str) -> str:
    """Return the environment file; `checks` is the folder of its checks, relative to it."""
    where = found.environment
    lines = [*_head(found, moment), pair("name", name), pair("account", where.account)]
    lines += [pair("region", where.region), pair("cluster", where.cluster)]
    lines.append(f"{pair('checks', checks)} # the first checks, beside this file")
    if any(s.role is Role.MLFLOW and s.url for s in where.services.values()):
        words = f'for more of MLflow: checks = ["mlflow", "{checks}"], and [principals.user]'
        lines.append(comment(words))
    for option in ("ca_bundle", "aws_endpoint_url"):
        if given := getattr(where, option):
            lines.append(pair(option, given))
    for service, entry in where.services.items():
        lines += ["", *_service(found, service, entry)]
    lines += _routes(where.routes)
    lines += _network(where)
    return "\n".join(lines) + "\n" + AFTER


def _head(found: Survey, moment: str) -> Iterator[str]:
    where = found.environment
    yield comment(
        f"The environment of the cluster {where.cluster} in {where.region}, as it was read"
    )
    yield comment(f"from AWS on {moment} by `canary init`. Read it once: it is yours from now on.")
    for title, missing in (("Not known, and to be filled in if it matters:", True),
                           ("Guessed, and to be looked at:", False)):  # fmt: skip
        notes = [n for n in found.notes if n.missing is missing]
        if notes:
            yield "#"
            yield comment(title)
            for note in notes:
                yield from _wrapped(f"{note.key}: {note.text}")
    yield ""


def _wrapped(words: str) -> Iterator[str]:
    first, *rest = textwrap.wrap(comment(words)[2:], 92) or [""]
    yield f"# - {first}"
    yield from (f"#   {line}" for line in rest)


def _service(found: Survey, name: str, service: Service) -> Iterator[str]:
    guesses = {n.key: n.text for n in found.notes if not n.missing}
    yield f"[services.{key(name)}]"
    desired = found.desired.get(name)
    if desired == 0:
        yield comment("its desired count was 0 when this was written: nobody ran")
    for field in KEYS:
        given = getattr(service, field)
        if not given:
            continue
        guess = guesses.get(f"services.{name}.{field}")
        told = f"guessed: {guess}" if guess else MEANING.get(field, "")
        yield pair(field, given) + (f" {comment(told)}" if told else "")


def _routes(routes: tuple[RouteRule, ...]) -> Iterator[str]:
    if not routes:
        return
    yield ""
    yield comment(
        "Which service must answer which path, and the rule of the balancer that says so."
    )
    for number, route in enumerate(routes):
        if number:
            yield ""
        yield "[[routes]]"
        for field in ("path", "service", "host", "pattern", "priority"):
            if given := getattr(route, field):
                yield pair(field, given)


def _network(where: Environment) -> Iterator[str]:
    network = where.network
    yield ""
    yield comment("Where the canary's function stands: it must reach what it checks.")
    yield "[network]"
    for field in ("vpc_id", "subnets", "availability_zones", "egress"):
        given = getattr(network, field)
        if given:
            yield pair(field, given)
        else:
            yield comment(f"{field}: not known")


def checks(found: Survey, moment: str) -> str:
    """Return the file of the first checks."""
    lines = [
        comment(
            f"The first checks of {found.environment.cluster}, made on {moment} by `canary init`."
        ),
        comment("Add what your users need: docs/add-a-check.md. No check here sends a key."),
    ]
    for check in found.checks:
        lines += ["", *_check(check)]
    return "\n".join(lines) + "\n"


def _check(check: Check) -> Iterator[str]:
    yield "[[check]]"
    for field in ("id", "title", "kind", "suite", "service", "severity", "runbook", "needs"):
        given = getattr(check, field)
        if given:
            yield pair(field, given)
    spec = _given(check.spec)
    if spec:
        yield "[check.spec]"
        yield from (pair(name, found) for name, found in spec.items())


def _given(spec: Any) -> dict[str, Any]:
    """Return what a spec says otherwise than its defaults."""
    return {
        f.encode_name: getattr(spec, f.name)
        for f in msgspec.structs.fields(spec)
        if getattr(spec, f.name) != f.default and not _empty(getattr(spec, f.name))
    }


def _empty(found: object) -> bool:
    return isinstance(found, tuple | dict) and not found
