"""Limits of AWS on an environment's names and values, checked before a deployment fails.

Each problem is `key: what is wrong`. Limits: service documents of IAM (role names), Lambda
(function names), S3 (bucket names), SNS (Subscribe), CloudWatch (PutMetricAlarm), Logs (retention).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping

from canary.config.addresses import is_url
from canary.model import FASTEST_BURN, Environment, Profile, names
from canary.model.schedule import MINUTE, gaps, is_schedule, longest_gap

LONGEST_ROLE = LONGEST_FUNCTION = 64
LONGEST_BUCKET = 63
LOOKED_BACK = 15  # periods of the alarm with the longest window
MOST_UNEVEN = 2
"""Times that the longest time between two runs may be the shortest: alarms have one period."""
RUNTIME_MARGIN_S = 10
"""Seconds between a run's budget and the function's time-out: start-up, a slow last write."""
LONGEST_FUNCTION_S = 900
LONGEST_SHARD_S = 90  # three attempts end within the five minutes of an express workflow
TAG = re.compile(r"[\w .:/=+@-]+")
# seconds that an alarm may look back at most, and with a period under an hour
WEEK_S, DAY_S, HOUR_S = 604_800, 86_400, 3_600
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
    yield from _recipients(environment)
    yield from _burn_rates(environment)
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
    else:
        yield from _uneven(schedule.expression)
    yield from _windows(environment, gap or MINUTE)
    slow = schedule.slow_expression
    if slow and not is_schedule(slow):
        yield f"schedule.slow_expression: {slow} is neither a rate nor a cron expression"
    if slow and not schedule.slow_checks:
        yield "schedule.slow_checks: is empty, so slow_expression would run every check"


def _uneven(expression: str) -> Iterator[str]:
    """Yield that an alarm's period would be too long for most runs, or too short for others."""
    known = gaps(expression)
    if known[-1] > MOST_UNEVEN * known[0]:
        yield (
            f"schedule.expression: {expression} runs {known[0] // MINUTE} to"
            f" {known[-1] // MINUTE} minutes apart: an alarm has one period, so the longest may be"
            f" {MOST_UNEVEN} times the shortest"
        )


def _windows(environment: Environment, gap: int) -> Iterator[str]:
    for key, window in environment.alarm.items():
        if window.periods * gap > (WEEK_S if gap >= HOUR_S else DAY_S):
            most = (WEEK_S if gap >= HOUR_S else DAY_S) // gap
            yield f"alarm.{key}: periods: {window.periods} of {gap} s are too many: at most {most}"


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


def _burn_rates(environment: Environment) -> Iterator[str]:
    """Yield why alarms on the error budget cannot be had."""
    if environment.burn_rates and environment.profile is Profile.LEAN:
        yield "burn_rates: the profile lean has no room for these alarms: choose standard or full"
    least = 100 - 100 / FASTEST_BURN  # below it all checks may fail without burning so fast
    if environment.burn_rates and environment.slo < least:
        yield f"burn_rates: needs an slo of {least:.1f} or more, not {environment.slo:g}"


def _recipients(environment: Environment) -> Iterator[str]:
    """Yield what is wrong with the recipients: production does not forget whom to wake."""
    notify = environment.notify
    if environment.deployment.production and notify.page is None:
        yield (
            "notify.page: is required in production: name whom to wake"
            ' ("email:oncall@example.com"), or write page = [] where nobody is to be woken'
        )
    owned = ((f"owners.{owner}", targets) for owner, targets in notify.owners.items())
    for key, targets in (("page", notify.page or ()), ("ticket", notify.ticket), *owned):
        for target in dict.fromkeys(targets):
            yield from _subscription(f"notify.{key}", target)
            if targets.count(target) > 1:
                yield f"notify.{key}: {target} stands twice"
            if key.startswith("owners.") and target in notify.ticket:
                # SNS: "Subscription already exists with different attributes"
                yield (
                    f"notify.{key}: {target} is in notify.ticket, too, which gets every message;"
                    " SNS takes a recipient once for each topic: keep one of them"
                )
    yield from _channels(environment)


def _channels(environment: Environment) -> Iterator[str]:
    """Yield what is wrong with the channels: they are outside of the VPC, and each is told once."""
    seen: set[tuple[str, str]] = set()
    for number, channel in enumerate(environment.notify.channels):
        at = f"notify.channels[{number}]"
        if (channel.kind, channel.secret) in seen:
            yield f"{at}: {channel.kind} with the secret {channel.secret} is a channel already"
        seen.add((channel.kind, channel.secret))
        if "canary" in channel.owners:
            yield (
                f"{at}.owners: canary owns no check; what the canary cannot judge is"
                ' audience = ["canary"]'
            )
        if environment.network.egress == "endpoints":
            yield (
                f"{at}: {channel.kind} is on the internet, and network.egress leads to AWS alone;"
                " use docs/examples/chat.yaml or a subscription of the topic"
            )


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
