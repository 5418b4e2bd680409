"""Extend moto's WAF with the calls and refusals that it lacks.

Sources: the AWS WAF API's AssociateWebACL, DeleteWebACL, DeleteIPSet, CreateWebACL and
GetSampledRequests. A resource has one web ACL at most.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from typing import Any

from emulator.balancer.firewall import DEFAULT_ACTION
from emulator.settings import ACCOUNT, REGION
from emulator.waf.acls import acl_of
from emulator.waf.samples import SAMPLES

Json = dict[str, Any]

BALANCER = ":loadbalancer/app/"
IN_USE = (
    "AWS WAF couldn’t perform the operation because your resource is being used by another "
    "resource or it’s associated with another resource."
)
UNAVAILABLE = "AWS WAF couldn’t retrieve the resource that you requested. Retry your request."
LEAST_LIMIT = 10
WINDOWS = (60, 120, 300, 600)
INVALID = "Error reason: {reason}, field: {field}, parameter: {value}"
ALL = "ALL"


@functools.cache
def install() -> None:
    """Replace moto's calls; call once."""
    from moto.elbv2.models import ELBv2Backend
    from moto.wafv2.models import WAFV2Backend
    from moto.wafv2.responses import WAFV2Response

    _patch_association(WAFV2Backend)
    _patch_rules(WAFV2Backend)
    _patch_samples(WAFV2Response)
    _patch_balancers(ELBv2Backend)


def _patch_samples(responses: Any) -> None:
    responses.get_sampled_requests = _get_sampled_requests


def _patch_balancers(backend: Any) -> None:
    """Let the association of a load balancer end with it."""
    delete = backend.delete_load_balancer

    def delete_load_balancer(self: Any, arn: str) -> None:
        delete(self, arn)
        if (acl := acl_of(arn)) is not None:
            acl.associated_resources.remove(arn)

    backend.delete_load_balancer = delete_load_balancer


def _patch_association(backend: Any) -> None:
    associate, delete, delete_set = (
        backend.associate_web_acl,
        backend.delete_web_acl,
        backend.delete_ip_set,
    )

    def associate_web_acl(self: Any, web_acl_arn: str, resource_arn: str) -> None:
        if BALANCER in resource_arn and not _is_balancer(resource_arn):
            raise _error("WAFUnavailableEntityException", UNAVAILABLE)
        before = acl_of(resource_arn)
        associate(self, web_acl_arn, resource_arn)
        if before is not None:  # moto keeps both; the same one twice is one association
            before.associated_resources.remove(resource_arn)

    def delete_web_acl(self: Any, name: str, scope: str, _id: str, lock_token: str) -> None:
        if any(one.id == _id and one.associated_resources for one in self.wacls.values()):
            raise _error("WAFAssociatedItemException", IN_USE)
        delete(self, name, scope, _id, lock_token)

    def delete_ip_set(self: Any, name: str, scope: str, _id: str, lock_token: str) -> None:
        used = json.dumps([rule.statement for one in self.wacls.values() for rule in one.rules])
        if any(s.ip_set_id == _id and f'"{s.arn}"' in used for s in self.ip_sets.values()):
            raise _error("WAFAssociatedItemException", IN_USE)
        delete_set(self, name, scope, _id, lock_token)

    backend.associate_web_acl = associate_web_acl
    backend.delete_web_acl, backend.delete_ip_set = delete_web_acl, delete_ip_set


def _patch_rules(backend: Any) -> None:
    create, update = backend.create_web_acl, backend.update_web_acl

    def create_web_acl(self: Any, *given: Any, **more: Any) -> Any:
        refuse_rules(_rules_among(given, more))
        return create(self, *given, **more)

    def update_web_acl(self: Any, *given: Any, **more: Any) -> Any:
        refuse_rules(_rules_among(given, more))
        return update(self, *given, **more)

    backend.create_web_acl, backend.update_web_acl = create_web_acl, update_web_acl


def _rules_among(given: tuple[Any, ...], more: Json) -> list[Json]:
    """Find the rules among a call's arguments; each has a Statement."""
    for value in (more.get("rules"), *given):
        if isinstance(value, list) and value and "Statement" in value[0]:
            return value
    return []


def refuse_rules(rules: list[Json]) -> None:
    """Raise WAF's error for rules that share a priority, act twice, or count too little."""
    priorities = [rule.get("Priority") for rule in rules]
    for priority in priorities:
        if priorities.count(priority) > 1:
            raise _invalid("DUPLICATE_PRIORITY", "RULE", priority)
    for rule in rules:
        if bool(rule.get("Action")) == bool(rule.get("OverrideAction")):
            text = "You must specify exactly one of Action and OverrideAction"
            raise _invalid(text, "RULE", rule.get("Name"))
        rate = (rule.get("Statement") or {}).get("RateBasedStatement")
        if not rate:
            continue
        if int(rate.get("Limit") or 0) < LEAST_LIMIT:
            text = f"The limit must be at least {LEAST_LIMIT}"
            raise _invalid(text, "RATE_BASED_STATEMENT", rate.get("Limit"))
        if rate.get("EvaluationWindowSec") not in (None, *WINDOWS):
            text = "The evaluation window must be 60, 120, 300 or 600 seconds"
            raise _invalid(text, "RATE_BASED_STATEMENT", rate["EvaluationWindowSec"])


def _get_sampled_requests(self: Any) -> tuple[int, dict[str, str], str]:
    given = json.loads(self.body)
    acl = self.wafv2_backend.get_web_acl(given["WebAclArn"], None, None)
    window = {name: _seconds(given["TimeWindow"][name]) for name in ("StartTime", "EndTime")}
    metrics = {str(rule.visibility_config["MetricName"]) for rule in acl.rules}
    wanted, default = given["RuleMetricName"], {DEFAULT_ACTION}
    known = {m: {m} for m in metrics} | {
        DEFAULT_ACTION: default,
        str(acl.visibility_config["MetricName"]): default,
        ALL: metrics | default,
    }
    found: list[Json] = []
    population = 0
    for metric in sorted(known.get(wanted, ())):
        some, number = SAMPLES.between(acl.arn, metric, window["StartTime"], window["EndTime"])
        found, population = found + some, population + number
    newest = sorted(found, key=lambda one: float(one["time"]), reverse=True)
    answer = {
        "SampledRequests": [_sample(one) for one in newest[: int(given["MaxItems"])]],
        "PopulationSize": population,
        "TimeWindow": window,
    }
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer)


def _sample(one: Json) -> Json:
    status = {"ResponseCodeSent": one["status"]} if "status" in one else {}
    return {
        "Request": {
            "ClientIP": one["client"],
            "Country": "-",
            "URI": one["uri"],
            "Method": one["method"],
            "HTTPVersion": one["version"],
            "Headers": [{"Name": name, "Value": value} for name, value in one["headers"]],
        },
        "Weight": 1,
        "Timestamp": one["time"],
        "Action": one["action"],
        **status,
    }


def _seconds(given: Any) -> float:
    if isinstance(given, int | float):
        return float(given)
    return dt.datetime.fromisoformat(str(given).replace("Z", "+00:00")).timestamp()


def _is_balancer(arn: str) -> bool:
    from moto.elbv2.models import elbv2_backends

    return arn in elbv2_backends[ACCOUNT][REGION].load_balancers


def _invalid(reason: str, field: str, value: Any) -> Exception:
    text = INVALID.format(reason=reason, field=field, value=value)
    return _error("WAFInvalidParameterException", text)


def _error(code: str, text: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError(code, text)
