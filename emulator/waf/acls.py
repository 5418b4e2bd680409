"""Read the web ACL of a load balancer for the balancer process, with its sets resolved."""

from __future__ import annotations

from typing import Any

from emulator.settings import ACCOUNT, REGION

Json = dict[str, Any]
IP_SET, PATTERNS = "IPSetReferenceStatement", "RegexPatternSetReferenceStatement"
RULES = "RuleGroupReferenceStatement"


def backend() -> Any:
    """Return moto's WAF of the account and region."""
    from moto.wafv2.models import wafv2_backends

    return wafv2_backends[ACCOUNT][REGION]


def acl_of(resource_arn: str) -> Any:
    """Return the web ACL that is associated with a resource, or None."""
    acls = list(backend().wacls.values())
    return next((one for one in acls if resource_arn in one.associated_resources), None)


def snapshot(resource_arn: str) -> Json | None:
    """Describe a load balancer's web ACL, or return None where it has none."""
    acl = acl_of(resource_arn)
    if acl is None:
        return None
    return {
        "arn": acl.arn,
        "name": acl.name,
        "default_action": acl.default_action,
        "visibility_config": acl.visibility_config,
        "custom_response_bodies": acl.custom_response_bodies,
        "rules": _rules(acl.rules),
    }


def _rules(rules: list[Any]) -> list[Json]:
    found = []
    for rule in sorted(rules, key=lambda one: int(one.priority)):
        plain = {key: value for key, value in rule.to_dict().items() if value is not None}
        found.append({**plain, "Statement": _resolved(rule.statement)})
    return found


def _resolved(value: Any) -> Any:
    """Return a statement with what its references lead to beside them."""
    if isinstance(value, list):
        return [_resolved(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: _resolved(one) for key, one in value.items()}
    if IP_SET in made:
        known = backend().ip_sets.get(made[IP_SET].get("ARN"))
        made[IP_SET]["Addresses"] = list(known.addresses) if known else []
    if PATTERNS in made:
        patterns = backend().regex_pattern_sets.get(made[PATTERNS].get("ARN"))
        expressions = patterns.regular_expressions if patterns else []
        made[PATTERNS]["Expressions"] = [one["RegexString"] for one in expressions]
    if RULES in made:
        group = backend().rule_groups.get(made[RULES].get("ARN"))
        made[RULES]["Rules"] = _rules(group.rules) if group else []
    return made
