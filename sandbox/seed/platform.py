"""Create the whole platform in one call."""

from __future__ import annotations

from typing import Any

import msgspec
import urllib3

from emulator.aws.endpoint import Endpoint
from sandbox.seed import (
    balancers,
    beside,
    network,
    principals,
    secrets,
    services,
    stores,
    ways,
)
from sandbox.seed.authority import Authority, import_certificate
from sandbox.world.world import AUTH, World


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """Identifiers of the platform, and the values that were made for it."""

    vpc: network.Vpc
    ways: ways.Ways
    balancers: balancers.Balancers
    stored: secrets.Stored
    services: services.Services
    certificate: str  # ARN of the first one
    topic: str
    credentials: secrets.Credentials
    principals: list[principals.Principal]


def build(aws: Endpoint, authority: Authority, world: World, *, as_found: bool = False) -> Platform:
    """Seed a world in an empty emulator; identifiers are the same each time, credentials are not.

    As found, the API behaves as the platform's own code does today, with its faults.
    """
    _seed_identifiers(aws)
    credentials = secrets.fresh_credentials()
    make = principals.fresh_principals if AUTH in world.services else principals.basic_principals
    identities = make(credentials.admin_token)
    vpc = network.build(aws, world)
    certificates = _certificates(aws, authority, world)
    balancing = balancers.build(aws, world, vpc, certificates)
    stored = secrets.build(aws, world, credentials)
    principals.store(aws, world, identities)
    running = services.build(aws, world, vpc, balancing, stored, as_found)
    if world.beside:
        beside.build(aws, world, world.beside)
    for bucket in (world.artifact_bucket, world.report_bucket):
        aws.client("s3").create_bucket(Bucket=bucket, **_place(aws))
    topic = aws.client("sns").create_topic(Name=world.topic)["TopicArn"]
    found = ways.build(aws, world, vpc)  # late: no other identifier depends on these
    stores.build(aws, world, vpc, credentials.database_password, credentials.redis_token)
    return Platform(
        vpc=vpc,
        ways=found,
        balancers=balancing,
        stored=stored,
        services=running,
        certificate=next(iter(certificates.values())),
        topic=topic,
        credentials=credentials,
        principals=identities,
    )


def _place(aws: Endpoint) -> dict[str, Any]:
    """Return where a bucket is made: us-east-1 is the place that is not named (AWS: S3)."""
    elsewhere = aws.region != "us-east-1"
    return {"CreateBucketConfiguration": {"LocationConstraint": aws.region}} if elsewhere else {}


def _certificates(aws: Endpoint, authority: Authority, world: World) -> dict[str, str]:
    """Import the zone's certificate, or one for each host that has its own: name -> ARN."""
    hosts = dict.fromkeys(h for b in world.balancers.values() for h in b.certificates)
    if not hosts:
        return {world.zone: import_certificate(aws, authority.platform(), world.zone)}
    return {host: import_certificate(aws, authority.of_host(host), host) for host in hosts}


def _seed_identifiers(aws: Endpoint) -> None:
    """Make moto's random identifiers the same in every twin."""
    answer = urllib3.request("POST", f"{aws.url}/moto-api/seed?a=42", timeout=5.0)
    if answer.status != 200:
        raise RuntimeError(f"moto did not take the seed: {answer.status}")
