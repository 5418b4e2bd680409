"""Read the web ACL before a load balancer, and which of its rules ended requests lately.

AWS WAF API: GetWebACLForResource (which also needs wafv2:GetWebACL) and GetSampledRequests, which
samples the last three hours. Both are free.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from canary.control_plane.edge.own_pages import is_own_page
from canary.control_plane.edge.web_acl import (
    DEFAULT_ACTION,
    AclRule,
    Association,
    OwnRequest,
    WebAcl,
)
from canary.control_plane.state import LoadBalancer
from canary.model import Environment, Exchange
from canary.observe.calls import Permission, Reader, when
from canary.observe.edge.failed import Failed

_ACLS = "arn:aws:wafv2:{region}:{account}:regional/webacl/*/*"
ACTIONS = (
    Permission(
        action="wafv2:GetWebACLForResource",
        resource="arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/*/*",
    ),
    Permission(action="wafv2:GetWebACLForResource", resource=_ACLS),
    Permission(action="wafv2:GetWebACL", resource=_ACLS),
    Permission(action="wafv2:GetSampledRequests", resource=_ACLS),
)
MINUTES = 5
MOST_RULES = 10
MOST_SAMPLES = 100
MOST_OWN = 20
_NAME = 128  # characters of a rule's name, AWS's bound
_FOR_RESOURCE, _SAMPLED = ACTIONS[0].action, ACTIONS[-1].action
_ENDS = ("Block", "Captcha", "Challenge")


def may_be_blocked(answer: Exchange) -> bool:
    """Return whether AWS WAF may have written an answer: its page, or words that a rule set."""
    page = is_own_page(answer.status, answer.content_type, answer.excerpt)
    if answer.status in (403, 405, 500) and page:
        return True  # also where the balancer is told to leave its name out
    gateway = page and answer.status in (502, 503, 504)
    return answer.answered_by == "balancer" and not 300 <= answer.status < 400 and not gateway


def asked(
    environment: Environment, balancers: Iterable[LoadBalancer], failed: Failed
) -> tuple[LoadBalancer, ...]:
    """Return the load balancers of which a failed answer may be AWS WAF's."""
    hosts = {urlsplit(e.url).hostname for e in failed.answers if may_be_blocked(e)}
    names = {s.load_balancer for s in environment.services.values() if _host(s.url) in hosts}
    return tuple(b for b in balancers if b.name in names)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def read(
    reader: Reader, balancers: tuple[LoadBalancer, ...], failed: Failed, now: dt.datetime
) -> tuple[Association, ...]:
    """Return the web ACL of each of these load balancers; what was not read is left out."""
    found = []
    for balancer in asked(reader.environment, balancers, failed):
        one = reader.answer(
            _FOR_RESOURCE,
            balancer.arn,
            lambda raw: (raw.get("WebACL") or {},),
            None,
            ResourceArn=balancer.arn,
        )
        if one is None:
            reader.miss("web_acls")
            continue
        acl = _acl(one[0]) if one[0] else None
        sampled = _sampled(reader, acl, failed, now) if acl else None
        found.append(Association(load_balancer=balancer.arn, acl=sampled))
    return tuple(found)


def _acl(raw: dict[str, Any]) -> WebAcl:
    groups = ("PreProcessFirewallManagerRuleGroups", "PostProcessFirewallManagerRuleGroups")
    before, after = (raw.get(name) or [] for name in groups)
    own = sorted(raw.get("Rules") or [], key=lambda r: int(r.get("Priority") or 0))
    rules = [rule for r in (*before, *own, *after) if (rule := _rule(r))]
    default = "Block" if "Block" in (raw.get("DefaultAction") or {}) else ""
    if default:
        rules.append(AclRule(name=DEFAULT_ACTION, action="BLOCK", metric=DEFAULT_ACTION))
    return WebAcl(arn=str(raw["ARN"]), name=str(raw.get("Name", ""))[:_NAME], rules=tuple(rules))


def _rule(raw: dict[str, Any]) -> AclRule | None:
    """Return a rule that may end a request, None for one that lets every request pass."""
    action, override = raw.get("Action") or {}, raw.get("OverrideAction") or {}
    ends = next((name.upper() for name in _ENDS if name in action), "")
    ends = "GROUP" if not action and "Count" not in override else ends
    if not ends:
        return None
    return AclRule(
        name=str(raw.get("Name", ""))[:_NAME],
        priority=int(raw.get("Priority") or 0),
        action=ends,
        metric=str((raw.get("VisibilityConfig") or {}).get("MetricName", "")),
    )


def _sampled(reader: Reader, acl: WebAcl, failed: Failed, now: dt.datetime) -> WebAcl:
    """Return a web ACL with what its first rules ended in the last minutes."""
    if len(acl.rules) > MOST_RULES:
        reader.bounded(_SAMPLED, acl.arn, MOST_RULES, "rules")
    first = tuple(_with_samples(reader, acl, r, failed, now) for r in acl.rules[:MOST_RULES])
    return replace(acl, rules=(*first, *acl.rules[MOST_RULES:]))


def _with_samples(
    reader: Reader, acl: WebAcl, rule: AclRule, failed: Failed, now: dt.datetime
) -> AclRule:
    found = reader.answer(
        _SAMPLED,
        acl.arn,
        lambda raw: [s for s in raw.get("SampledRequests") or [] if _ended(s)],
        None,
        WebAclArn=acl.arn,
        RuleMetricName=rule.metric,
        Scope="REGIONAL",
        TimeWindow={"StartTime": now - dt.timedelta(minutes=MINUTES), "EndTime": now},
        MaxItems=MOST_SAMPLES,
    )
    if found is None:
        reader.miss("web_acls")
        return rule
    own = [request for s in found if (request := _own(s, failed.run_ids))]
    return replace(rule, sampled=True, ended=len(found), own=tuple(own[:MOST_OWN]))


def _ended(sample: dict[str, Any]) -> bool:
    return str(sample.get("Action", "")).capitalize() in _ENDS


def _own(sample: dict[str, Any], run_ids: tuple[str, ...]) -> OwnRequest | None:
    """Return a request whose User-Agent bears the id of a run, None for one of anybody else."""
    request = sample.get("Request") or {}
    headers = {
        str(h.get("Name", "")).lower(): str(h.get("Value", ""))
        for h in request.get("Headers") or []
    }
    agent = headers.get("user-agent", "")
    run_id = next((i for i in run_ids if agent.endswith(f"(+run {i})")), "")
    if not run_id:
        return None
    return OwnRequest(
        method=str(request.get("Method", ""))[:16],
        path=str(request.get("URI", "")).partition("?")[0][:300],
        action=str(sample.get("Action", "")).upper(),
        at=when(sample.get("Timestamp")),
        status=int(sample.get("ResponseCodeSent") or 0),
        inner=str(sample.get("RuleNameWithinRuleGroup") or "")[:_NAME],
        run_id=run_id,
        of_this_run=run_id == run_ids[0],
    )
