"""Limits of AWS on an environment's names and values, checked before a deployment fails.

Each problem is `key: what is wrong`. Limits: service documents of IAM (role names), Lambda
(function names), S3 (bucket names), SNS (Subscribe), CloudWatch (PutMetricAlarm), Logs (retention).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping

from canary.config.addresses import is_url
from canary.model import Environment, names
from canary.model.schedule import is_schedule, longest_gap

LONGEST_ROLE = LONGEST_FUNCTION = 64
LONGEST_BUCKET = 63
LOOKED_BACK = 10  # periods of the alarm with the longest window
RUNTIME_MARGIN_S = 10
"""Seconds between a run's budget and the function's time-out: start-up, a slow last write."""
LONGEST_FUNCTION_S = 900
LONGEST_SHARD_S = 90  # three attempts end within the five minutes of an express workflow
TAG = re.compile(r"[\w .:/=+@-]+")
WEEK_S = 604_800  # seconds that an alarm may look back at most
RETENTION_DAYS = (1, 3, 7, 14, 30, 90, 180, 365, 731)
OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")
ARN = r"arn:aws:\S+"
PROTOCOLS = {
    "email": r"[^@\s]+@[^@\s]+",
    "email-json": r"[^@\s]+@[^@\s]+",
    "sms": r"\+\d{6,15}",
    "sqs": ARN,
    "lambda": ARN,
    "application": ARN,
}
"""Protocols of SNS and their addresses; firehose is missing because it needs a role as well."""


def problems(environment: Environment) -> Iterator[str]:
    """Yield the problems of names and values."""
    yield from _names(environment)
    yield from _schedule(environment)
    yield from _network(environment)
    yield from _time(environment)
    for key in ("page", "ticket"):
        for target in getattr(environment.notify, key):
            yield from _subscription(f"notify.{key}", target)
    if environment.notify.presigned_hours and environment.notify.report_url:
        yield "notify.presigned_hours: signs an s3:// address, so report_url must be empty"
    if environment.deployment.report_days < 1:
        yield f"deployment.report_days: must be 1 or more, not {environment.deployment.report_days}"
    yield from _tags(environment.deployment.tags)
    days = environment.deployment.log_retention_days
    if days not in RETENTION_DAYS:
        known = ", ".join(map(str, RETENTION_DAYS))
        yield f"deployment.log_retention_days: must be one of {known}, not {days}"


def stack_problems(environment: Environment) -> Iterator[str]:
    """Yield the problems that prevent a deployment but not a run from the command line."""
    network = environment.network
    if not network.vpc_id:
        yield "network.vpc_id: is required to deploy"
    if not network.subnets:
        yield "network.subnets: is required to deploy"
    if environment.store and not environment.store.startswith("s3://"):
        yield f"store: {environment.store} must be an s3:// address: a function keeps no folder"


def _names(environment: Environment) -> Iterator[str]:
    name, region = environment.name, environment.region
    if region.startswith(OTHER_PARTITIONS):
        yield f"region: {region} is not in the partition aws, the only one that is supported"
    made = [
        ("role", names.role(name, region), LONGEST_ROLE),
        ("function", names.own(name, "shard"), LONGEST_FUNCTION),
    ]
    if not environment.store:
        bucket = environment.report_bucket
        made.append(("bucket", bucket, LONGEST_BUCKET))
        if not re.fullmatch(r"[a-z0-9-]*[a-z0-9]", bucket):
            yield f"name: makes the bucket name {bucket}, which must not contain _"
    elif "_" in name:
        yield f"name: makes the stack name {names.own(name)}, which must not contain _"
    for kind, made_name, longest in made:
        if len(made_name) > longest:
            size = f"{len(made_name)} characters, AWS allows {longest}"
            yield f"name: makes the {kind} name {made_name} of {size}"


def _time(environment: Environment) -> Iterator[str]:
    budget = environment.run.budget
    longest = LONGEST_FUNCTION_S - RUNTIME_MARGIN_S
    if environment.deployment.scale == "map":
        longest = LONGEST_SHARD_S - RUNTIME_MARGIN_S
    if budget > longest:
        yield f"run.budget: {budget:g} s is too long for a function: at most {longest} s"


def _schedule(environment: Environment) -> Iterator[str]:
    schedule = environment.schedule
    gap = longest_gap(schedule.expression)
    at = "schedule.expression"
    if not is_schedule(schedule.expression):
        yield f"{at}: {schedule.expression} is neither rate(5 minutes) nor cron(0/5 * * * ? *)"
    elif gap is None:
        yield f"{at}: {schedule.expression} skips days; the heartbeat needs a run each day"
    elif gap * LOOKED_BACK > WEEK_S:
        hours = WEEK_S // LOOKED_BACK // 3600
        yield f"{at}: {schedule.expression} is too rare for alarms: at most {hours} hours apart"
    slow = schedule.slow_expression
    if slow and not is_schedule(slow):
        yield f"schedule.slow_expression: {slow} is neither a rate nor a cron expression"
    if slow and not schedule.slow_checks:
        yield "schedule.slow_checks: is empty, so slow_expression would run every check"


def _network(environment: Environment) -> Iterator[str]:
    network = environment.network
    for key, prefix in (("vpc_id", "vpc-"), ("subnets", "subnet-"), ("route_tables", "rtb-")):
        given = getattr(network, key)
        for made in (given,) if isinstance(given, str) else given:
            if made and not re.fullmatch(prefix + "[0-9a-z-]+", made):
                form = f"{prefix}0123456789abcdef0"
                yield f"network.{key}: {made} is not an identifier like {form}"
    if len(network.subnets) != len(network.availability_zones):
        counts = f"{len(network.availability_zones)} for {len(network.subnets)} subnets"
        yield f"network.availability_zones: must be one for each subnet, there are {counts}"
    for zone in network.availability_zones:
        if not zone.startswith(environment.region):
            yield f"network.availability_zones: {zone} is not a zone of {environment.region}"
    for entry in network.allow:
        block, _, port = entry.rpartition(":")
        if not _is_block(block) or not port.isdigit() or not 0 < int(port) < 65_536:
            yield f'network.allow: {entry} is not of the form "10.0.0.0/16:8001"'


def _tags(tags: Mapping[str, str]) -> Iterator[str]:
    for key, value in tags.items():
        if not TAG.fullmatch(key) or len(key) > 128 or key.lower().startswith("aws:"):
            yield f"deployment.tags: {key} is not a valid key of an AWS tag"
        elif not TAG.fullmatch(value or " ") or len(value) > 256:
            yield f"deployment.tags: {key}: {value} is not a valid value of an AWS tag"


def _is_block(text: str) -> bool:
    try:
        return "/" in text and ipaddress.ip_network(text).version == 4
    except ValueError:
        return False


def _subscription(key: str, target: str) -> Iterator[str]:
    protocol, _, endpoint = target.partition(":")
    if protocol in ("http", "https"):
        good = is_url(target)
    else:
        form = PROTOCOLS.get(protocol)
        good = form is not None and bool(re.fullmatch(form, endpoint))
    if not good:
        known = ", ".join(PROTOCOLS)
        yield f"{key}: {target} is neither an https:// address nor one of {known} with a colon"
