"""Where and how the function is deployed, as an environment file says it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from canary.model.base import Frozen


class Network(Frozen, frozen=True, kw_only=True):
    """The network of the function; identifiers only, nothing is looked up."""

    vpc_id: str = ""
    subnets: tuple[str, ...] = ()
    availability_zones: tuple[str, ...] = ()
    egress: Annotated[str, msgspec.Meta(pattern="^(nat|endpoints)$")] = "nat"
    create_endpoints: bool = False
    route_tables: tuple[str, ...] = ()  # get a gateway endpoint for S3, the store of reports
    allow: tuple[str, ...] = ()  # further egress, "10.0.0.0/16:8001"


class Deployment(Frozen, frozen=True, kw_only=True):
    """The settings of the deployed function."""

    memory_mb: Annotated[int, msgspec.Meta(ge=512, le=10240)] = 1024
    architecture: Annotated[str, msgspec.Meta(pattern="^(arm64|x86_64)$")] = "arm64"
    log_retention_days: int = 30
    kms_key_arn: Annotated[str, msgspec.Meta(pattern=r"^(|arn:aws:kms:\S+:\d{12}:key/\S+)$")] = ""
    tracing: bool = False
    production: bool = False
    scale: Annotated[str, msgspec.Meta(pattern="^(single|map)$")] = "single"
    report_days: int = 90
    follow_changes: bool = True  # run at once when AWS announces a change of the platform
    tags: dict[str, str] = msgspec.field(default_factory=dict)
