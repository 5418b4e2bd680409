"""Judge requests by the web ACL of their load balancer, before any rule of a listener.

Sources: the AWS WAF guide's "Web ACL rule and rule group evaluation", "Rate-based rule statement"
and "Customized web requests and responses"; the API's Statement. A statement that is not known
here lets its rule match nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from emulator.balancer.exchange.pages import OwnAnswer, own
from emulator.balancer.firewall_statements import StatementUnknownError, holds, rate_key
from emulator.balancer.match import Asked

Json = dict[str, Any]
Emit = Callable[[Json], None]

DEFAULT_ACTION = "Default_Action"
WINDOW_S = 300.0
MOST_KEYS = 10_000
CONTENT = {
    "TEXT_PLAIN": "text/plain",
    "TEXT_HTML": "text/html",
    "APPLICATION_JSON": "application/json",
}
_ENDING = {"Allow": "ALLOW", "Block": "BLOCK"}


class Rates:
    """The requests that each rate-based rule has lately seen, by client."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def exceeded(self, rule: str, statement: Json, asked: Asked) -> bool:
        """Count a request; return whether its client has made more than the limit allows."""
        key = rate_key(statement, asked)
        scope = statement.get("ScopeDownStatement")
        if key is None or (scope and not holds(scope, asked)):
            return False
        now, limit = time.monotonic(), int(statement["Limit"])
        since = now - float(statement.get("EvaluationWindowSec") or WINDOW_S)
        if (rule, key) not in self._seen and len(self._seen) >= MOST_KEYS:
            self._seen.pop(next(iter(self._seen)))
        seen = self._seen.setdefault((rule, key), deque())
        while seen and seen[0] < since:
            seen.popleft()
        seen.append(now)
        if len(seen) > limit + 1:
            seen.popleft()  # more than enough to know that the limit is passed
        return len(seen) > limit


class Firewall:
    """Judges requests, and tells each judgement for the samples that WAF keeps."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._rates = Rates()

    def refused(self, acl: Json, asked: Asked, version: str) -> OwnAnswer | None:
        """Return the answer to a blocked request, or None for one that may pass."""
        rule = self._first(acl, acl["rules"], asked, version)
        action = rule["Action"] if rule else acl["default_action"]
        config = rule["VisibilityConfig"] if rule else acl["visibility_config"]
        answer = blocked(acl, action["Block"], rule) if "Block" in action else None
        name = next(kind for kind in _ENDING if kind in action)
        metric = str(config["MetricName"]) if rule else DEFAULT_ACTION
        self._tell(acl, config, asked, version, metric, _ENDING[name], answer)
        return answer

    def _first(self, acl: Json, rules: list[Json], asked: Asked, version: str) -> Json | None:
        """Return the first rule that matches and ends the evaluation; those that count do not."""
        for rule in rules:
            if not self._matches(acl, rule, asked):
                continue
            if inner := rule["Statement"].get("RuleGroupReferenceStatement"):
                found = self._first(acl, inner.get("Rules") or [], asked, version)
                if found is not None and "Count" not in (rule.get("OverrideAction") or {}):
                    return found
                continue
            action = rule.get("Action") or {}
            if any(kind in action for kind in _ENDING):
                return rule
            config = rule["VisibilityConfig"]
            counted = next(iter(action), "Count").upper()
            self._tell(acl, config, asked, version, str(config["MetricName"]), counted, None)
        return None

    def _matches(self, acl: Json, rule: Json, asked: Asked) -> bool:
        statement = rule["Statement"]
        try:
            if rate := statement.get("RateBasedStatement"):
                return self._rates.exceeded(f"{acl['arn']}/{rule['Name']}", rate, asked)
            return "RuleGroupReferenceStatement" in statement or holds(statement, asked)
        except StatementUnknownError:
            return False

    def _tell(
        self,
        acl: Json,
        config: Json,
        asked: Asked,
        version: str,
        metric: str,
        action: str,
        answer: OwnAnswer | None,
    ) -> None:
        if not config.get("SampledRequestsEnabled"):
            return
        told = {
            "kind": "firewall",
            "acl": acl["arn"],
            "metric": metric,
            "action": action,
            "time": time.time(),
            "client": asked.peer,
            "uri": asked.path + (f"?{asked.query}" if asked.query else ""),
            "method": asked.method,
            "version": version,
            "headers": asked.headers,
        }
        self._emit({**told, "status": answer.status} if answer else told)


def blocked(acl: Json, how: Json, rule: Json | None) -> OwnAnswer:
    """Return the answer to a blocked request: the balancer's page, or what the rule says."""
    reason = f"blocked by {rule['Name'] if rule else 'the default action'} of {acl['name']}"
    custom = how.get("CustomResponse")
    if not custom:
        return own(403, reason)
    body = (acl.get("custom_response_bodies") or {}).get(custom.get("CustomResponseBodyKey")) or {}
    return OwnAnswer(
        status=int(custom["ResponseCode"]),
        body=str(body.get("Content", "")).encode(),
        content_type=CONTENT.get(str(body.get("ContentType")), "text/html"),
        extra=tuple((one["Name"], one["Value"]) for one in custom.get("ResponseHeaders") or []),
        reason=reason,
    )
