"""Application load balancers as blocks: their groups, subnets and every attribute."""

from __future__ import annotations

from canary.control_plane.state import LoadBalancer
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.terraform.draft import TAGS, Draft, Resource, after
from canary.diagnose.terraform.hcl import Argument, Block, NotWholeError
from canary.diagnose.terraform.shapes import Body, argument, flag

TYPE = "aws_lb"
# ELB API reference, LoadBalancerAttribute: those of application load balancers.
_ATTRIBUTES = {
    "idle_timeout.timeout_seconds": "idle_timeout",
    "client_keep_alive.seconds": "client_keep_alive",
    "deletion_protection.enabled": "enable_deletion_protection",
    "routing.http.desync_mitigation_mode": "desync_mitigation_mode",
    "routing.http.drop_invalid_header_fields.enabled": "drop_invalid_header_fields",
    "routing.http.preserve_host_header.enabled": "preserve_host_header",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": (
        "enable_tls_version_and_cipher_suite_headers"
    ),
    "routing.http.xff_client_port.enabled": "enable_xff_client_port",
    "routing.http.xff_header_processing.mode": "xff_header_processing_mode",
    "routing.http2.enabled": "enable_http2",
    "waf.fail_open.enabled": "enable_waf_fail_open",
    "zonal_shift.config.enabled": "enable_zonal_shift",
    "load_balancing.cross_zone.enabled": "enable_cross_zone_load_balancing",
}
_LOGS = ("access_logs", "connection_logs", "health_check_logs")
_NO_ARGUMENT = frozenset({"ipv6.deny_all_igw_traffic"})  # the provider does not set it
# Parts that the canary does not read.
_UNREAD = (*TAGS, "customer_owned_ipv4_pool", "ipam_pools", "minimum_load_balancer_capacity")


def changed(draft: Draft, edit: Edit) -> None:
    """Draft a load balancer that is there, with the groups or the attribute of the fix."""
    found = (b for b in draft.case.state.load_balancers if b.arn == edit.resource)
    balancer = next(found, None)
    if balancer is None or not balancer.attributes or "attributes" in balancer.unread:
        raise NotWholeError("a load balancer that was not read whole")
    if balancer.type != "application" or not balancer.subnets or not balancer.ip_address_type:
        raise NotWholeError("a load balancer of another kind")
    fields = after(edit)
    groups = fields.pop("SecurityGroups", None)
    values = {k: str(v) for k, v in fields.items()}
    names = tuple(_ATTRIBUTES[key] for key in values if key in _ATTRIBUTES)
    draft.add(
        Resource(
            type=TYPE,
            name=draft.name(TYPE, balancer.name),
            noun="load balancer",
            body=_whole(balancer, groups or list(balancer.security_groups), values),
            import_id=balancer.arn,
            changed=(*names, *(("security_groups",) if groups else ())),
            unread=_UNREAD,
        )
    )


def _whole(balancer: LoadBalancer, groups: list[str], attributes: dict[str, str]) -> Body:
    values = {**balancer.attributes, **attributes}
    logs = tuple(f"{name}.s3." for name in _LOGS)
    known = {*_ATTRIBUTES, *_NO_ARGUMENT}
    unknown = [k for k, v in values.items() if k not in known and v and not k.startswith(logs)]
    if unknown:
        raise NotWholeError(f"no argument is known for {', '.join(sorted(unknown))}")
    return [
        argument("name", balancer.name),
        argument("load_balancer_type", balancer.type),
        argument("internal", balancer.scheme == "internal"),
        argument("ip_address_type", balancer.ip_address_type),
        argument("subnets", balancer.subnets),
        argument("security_groups", groups),
        *(_attribute(name, values[key]) for key, name in _ATTRIBUTES.items() if values.get(key)),
        *(block for name in _LOGS for block in _log(name, values)),
    ]


def _attribute(name: str, value: str) -> Argument:
    return Argument(name, {"true": True, "false": False}.get(value, value))


def _log(name: str, values: dict[str, str]) -> Body:
    """Return where one kind of log goes; Terraform requires the bucket."""
    bucket = values.get(f"{name}.s3.bucket", "")
    enabled = flag(values.get(f"{name}.s3.enabled", "false"))
    if not bucket:
        if enabled:
            raise NotWholeError("logs without a bucket")
        return []
    rows: Body = [Argument("bucket", bucket), Argument("enabled", enabled)]
    if prefix := values.get(f"{name}.s3.prefix"):
        rows.append(Argument("prefix", prefix))
    return [Block(name, body=rows)]
