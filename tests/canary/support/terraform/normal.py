"""One form for an object, from AWS's JSON (`rule`) and from a block (`rule_of`)."""

from __future__ import annotations

from typing import Any

from tests.canary.support.terraform.normal_service import service, service_of

__all__ = ["service", "service_of"]

Json = dict[str, Any]
# words of the provider that are not AWS's with small letters
_OTHERWISE = {
    "arn": "TargetGroupArn", "enabled": "Enabled", "duration": "DurationSeconds",
    "target_group": "TargetGroups", "stickiness": "TargetGroupStickinessConfig",
    "forward": "ForwardConfig", "redirect": "RedirectConfig",
    "fixed_response": "FixedResponseConfig", "authenticate_cognito": "AuthenticateCognitoConfig",
    "jwt_validation": "JwtValidationConfig", "additional_claim": "AdditionalClaims",
    "host_header": "HostHeaderConfig", "path_pattern": "PathPatternConfig",
    "http_header": "HttpHeaderConfig", "http_request_method": "HttpRequestMethodConfig",
    "source_ip": "SourceIpConfig", "rewrite": "Rewrites",
    "host_header_rewrite_config": "HostHeaderRewriteConfig",
    "url_rewrite_config": "UrlRewriteConfig", "ttl": "TTL",
}  # fmt: skip
_LISTS = {"TargetGroups", "AdditionalClaims", "Rewrites", "DnsRecords"}


def words(name: str) -> str:
    """Return a name of the provider in AWS's words."""
    return _OTHERWISE.get(name) or "".join(w.capitalize() for w in name.split("_"))


def structure(block: Any) -> Any:
    """Return a block as AWS's structure; blocks of which AWS has a list stay one."""
    if not isinstance(block, dict):
        return block
    found: Json = {}
    for name, value in block.items():
        key = words(name)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            inner = [structure(v) for v in value]
            found[key] = inner if key in _LISTS else inner[0]
        elif isinstance(value, dict):
            found[key] = value  # a map of texts
        else:
            found[key] = value
    return found


def said(raw: Json) -> Json:
    """Return a structure without lists and maps in which nothing stands."""
    inner = {k: said(v) if isinstance(v, dict) else v for k, v in raw.items()}
    return {k: v for k, v in inner.items() if v not in ([], {})}


def _action(raw: Json) -> Json:
    """Return an action with one way to say where it forwards to."""
    found = said({k: v for k, v in raw.items() if k not in ("TargetGroupArn", "ForwardConfig")})
    forward = raw.get("ForwardConfig") or {}
    groups = forward.get("TargetGroups") or []
    if not groups and raw.get("TargetGroupArn"):
        groups = [{"TargetGroupArn": raw["TargetGroupArn"]}]
    if not groups:
        return found
    weights = [g.get("Weight", 1) for g in groups]
    if len(groups) == 1:
        weights = [min(1, weights[0])]  # all of it, or nothing
    sticky = forward.get("TargetGroupStickinessConfig") or {}
    found["forward"] = [(g["TargetGroupArn"], w) for g, w in zip(groups, weights, strict=True)]
    found["sticky"] = sticky.get("DurationSeconds") if sticky.get("Enabled") else None
    return found


def _conditions(raw: list[Json]) -> list[Json]:
    return [{k: v for k, v in one.items() if k != "Field"} for one in raw]


def rule(raw: Json) -> Json:
    """Return a rule of CreateRule."""
    return {
        "ListenerArn": raw["ListenerArn"],
        "Priority": raw["Priority"],
        "Actions": [_action(a) for a in raw["Actions"]],
        "Conditions": _conditions(raw["Conditions"]),
        "Transforms": [
            {k: v for k, v in one.items() if v} for one in raw.get("Transforms") or []
        ],
        "Tags": {t["Key"]: t["Value"] for t in raw.get("Tags") or []},
    }  # fmt: skip


def rule_of(body: Json) -> Json:
    """Return a rule of a block."""
    conditions = []
    for block in body["condition"]:
        if query := block.get("query_string"):
            conditions.append({"QueryStringConfig": {"Values": [structure(q) for q in query]}})
        else:
            conditions.append(structure(block))
    return {
        "ListenerArn": body["listener_arn"],
        "Priority": body["priority"],
        "Actions": [_action(structure(a)) for a in body["action"]],
        "Conditions": conditions,
        "Transforms": [structure(t) for t in body.get("transform", [])],
        "Tags": body.get("tags", {}),
    }


def listener(raw: Json) -> Json:
    """Return a listener of CreateListener, with its attributes."""
    found = {**raw, "DefaultActions": [_action(a) for a in raw["DefaultActions"]]}
    found["Tags"] = {t["Key"]: t["Value"] for t in raw.get("Tags") or []}
    return found | {"Attributes": {k: v for k, v in raw.get("Attributes", {}).items() if v}}


def listener_of(body: Json) -> Json:
    """Return a listener of a block."""
    found: Json = {
        "LoadBalancerArn": body["load_balancer_arn"], "Port": body["port"],
        "Protocol": body["protocol"], "Attributes": {}, "Tags": body.get("tags", {}),
        "DefaultActions": [_action(structure(a)) for a in body["default_action"]],
    }  # fmt: skip
    for name, value in body.items():
        if name.startswith("routing_http_"):
            direction, _, rest = name.removeprefix("routing_http_").partition("_")
            ends = ("_header_name", "_header_value", "_enabled")
            end = next(e for e in ends if rest.endswith(e))
            key = f"routing.http.{direction}.{rest.removesuffix(end)}.{end[1:]}"
            found["Attributes"][key] = _text(value)
    if "certificate_arn" in body:
        found["Certificates"] = [{"CertificateArn": body["certificate_arn"]}]
    if "ssl_policy" in body:
        found["SslPolicy"] = body["ssl_policy"]
    if "mutual_authentication" in body:
        found["MutualAuthentication"] = structure(body["mutual_authentication"][0])
    return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def group(raw: Json) -> Json:
    """Return a target group; of its stickiness what its own kind says."""
    kind = raw["Attributes"].get("stickiness.type", "")
    kept = ("stickiness.enabled", "stickiness.type", f"stickiness.{kind}.")
    attributes = {
        k: v
        for k, v in raw["Attributes"].items()
        if v and (not k.startswith("stickiness.") or (kind and k.startswith(kept)))
    }
    matcher = next(iter((raw.get("Matcher") or {}).values()), "")
    found = {k: v for k, v in raw.items() if k != "Matcher" and v not in ("", None)}
    return found | {"Attributes": attributes, "matcher": matcher}


def group_of(body: Json) -> Json:
    """Return a target group of a block."""
    (check,) = body["health_check"]
    found: Json = {
        words(n): body[n]
        for n in ("name", "port", "protocol", "protocol_version", "target_type", "vpc_id",
                  "ip_address_type")
        if n in body
    }  # fmt: skip
    names = {
        "enabled": "HealthCheckEnabled", "protocol": "HealthCheckProtocol",
        "port": "HealthCheckPort", "path": "HealthCheckPath",
        "interval": "HealthCheckIntervalSeconds", "timeout": "HealthCheckTimeoutSeconds",
        "healthy_threshold": "HealthyThresholdCount",
        "unhealthy_threshold": "UnhealthyThresholdCount",
    }  # fmt: skip
    found |= {names[n]: v for n, v in check.items() if n != "matcher" and v != ""}
    return found | {"Attributes": _group_attributes(body), "matcher": check.get("matcher", "")}


def _group_attributes(body: Json) -> dict[str, str]:
    plain = {
        "deregistration_delay": "deregistration_delay.timeout_seconds",
        "slow_start": "slow_start.duration_seconds",
        "load_balancing_algorithm_type": "load_balancing.algorithm.type",
        "load_balancing_anomaly_mitigation": "load_balancing.algorithm.anomaly_mitigation",
        "load_balancing_cross_zone_enabled": "load_balancing.cross_zone.enabled",
        "target_control_port": "target_control_port",
    }
    found = {key: _text(body[name]) for name, key in plain.items() if name in body}
    for sticky in body.get("stickiness", []):
        kind = sticky["type"]
        found["stickiness.type"] = kind
        found["stickiness.enabled"] = _text(sticky["enabled"])
        if "cookie_duration" in sticky:
            found[f"stickiness.{kind}.duration_seconds"] = sticky["cookie_duration"]
        if "cookie_name" in sticky:
            found[f"stickiness.{kind}.cookie_name"] = sticky["cookie_name"]
    for health in body.get("target_group_health", []):
        for part, (limits,) in health.items():
            for name, value in limits.items():
                unit = name.rpartition("_")[2]
                found[f"target_group_health.{part}.minimum_healthy_targets.{unit}"] = value
    return found


def balancer_of(body: Json) -> Json:
    """Return a load balancer of a block."""
    plain = {
        "idle_timeout": "idle_timeout.timeout_seconds",
        "client_keep_alive": "client_keep_alive.seconds",
        "enable_deletion_protection": "deletion_protection.enabled",
        "desync_mitigation_mode": "routing.http.desync_mitigation_mode",
        "enable_http2": "routing.http2.enabled", "enable_waf_fail_open": "waf.fail_open.enabled",
        "xff_header_processing_mode": "routing.http.xff_header_processing.mode",
        "enable_zonal_shift": "zonal_shift.config.enabled",
        "drop_invalid_header_fields": "routing.http.drop_invalid_header_fields.enabled",
        "preserve_host_header": "routing.http.preserve_host_header.enabled",
        "enable_xff_client_port": "routing.http.xff_client_port.enabled",
        "enable_cross_zone_load_balancing": "load_balancing.cross_zone.enabled",
        "enable_tls_version_and_cipher_suite_headers":
            "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    }  # fmt: skip
    attributes = {key: _text(body[name]) for name, key in plain.items() if name in body}
    for kind in ("access_logs", "connection_logs", "health_check_logs"):
        attributes[f"{kind}.s3.enabled"] = "false"
        for log in body.get(kind, []):
            attributes |= {f"{kind}.s3.{n}": _text(v) for n, v in log.items()}
    attributes.pop("health_check_logs.s3.enabled")
    return {
        "Name": body["name"], "Type": body["load_balancer_type"],
        "Scheme": "internal" if body["internal"] else "internet-facing",
        "IpAddressType": body["ip_address_type"], "Subnets": body["subnets"],
        "SecurityGroups": body["security_groups"], "Attributes": attributes,
    }  # fmt: skip


def permission(raw: Json) -> set[tuple[Any, ...]]:
    """Return each peer of a permission with its protocol, ports and description."""
    ports = (raw.get("FromPort"), raw.get("ToPort")) if raw["IpProtocol"] != "-1" else (None, None)
    keys = ("CidrIp", "CidrIpv6", "PrefixListId", "GroupId")
    return {
        (raw["IpProtocol"], *ports, key, peer[key], peer.get("Description") or "")
        for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
        for peer in raw.get(kind, [])
        for key in keys
        if key in peer
    }


def permission_of(body: Json) -> tuple[Any, ...]:
    """Return the one peer of a block."""
    keys = {"cidr_ipv4": "CidrIp", "cidr_ipv6": "CidrIpv6", "prefix_list_id": "PrefixListId",
            "referenced_security_group_id": "GroupId"}  # fmt: skip
    ((name, key),) = [(n, k) for n, k in keys.items() if n in body]
    ports = body.get("from_port"), body.get("to_port")
    return (body["ip_protocol"], *ports, key, body[name], body.get("description", ""))


def name_of(body: Json) -> Json:
    """Return a name in Cloud Map of a block."""
    dns = structure(body["dns_config"][0])
    dns.pop("NamespaceId")
    return {
        "Name": body["name"],
        "DnsConfig": dns,
        "HealthCheckCustomConfig": structure(body["health_check_custom_config"][0]),
    }
