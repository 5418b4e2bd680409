"""Elastic Load Balancing as plain values: what it describes, and what its calls change."""

from __future__ import annotations

from copy import deepcopy
from itertools import count
from typing import Any

Json = dict[str, Any]
_SIGN_IN = {
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": 604800,
    "OnUnauthenticatedRequest": "authenticate",
}
_REDIRECT = {
    "Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/#{path}",
    "Query": "#{query}",
}  # fmt: skip
_SETTINGS = {
    "authenticate-oidc": "AuthenticateOidcConfig",
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "redirect": "RedirectConfig",
}
_DEFAULTS = {
    "authenticate-oidc": _SIGN_IN,
    "authenticate-cognito": _SIGN_IN,
    "redirect": _REDIRECT,
}
_LEGACY = {"path-pattern": "PathPatternConfig", "host-header": "HostHeaderConfig"}
LISTENER_DEFAULTS = {"routing.http.response.server.enabled": "true"}
_NUMBERS = count(1)
USUAL_POLICY = "ELBSecurityPolicy-2016-08"


class AwsError(Exception):
    """What AWS answers to a call that it refuses."""


def actions(wanted: list[Json], now: list[Json], *, new: bool) -> list[Json]:
    """Return actions as AWS describes them once they are set."""
    return [_action(deepcopy(a), now, new) for a in wanted]


def _action(action: Json, now: list[Json], new: bool) -> Json:
    kind = action["Type"]
    if kind == "authenticate-oidc":
        _secret(action["AuthenticateOidcConfig"], now, new)
    if kind == "forward":
        return _forward(action)
    if kind in _SETTINGS:
        action[_SETTINGS[kind]] = _DEFAULTS[kind] | action[_SETTINGS[kind]]
    return action


def _secret(settings: Json, now: list[Json], new: bool) -> None:
    known = [a["AuthenticateOidcConfig"] for a in now if a["Type"] == "authenticate-oidc"]
    kept = settings.pop("UseExistingClientSecret", False)
    given = settings.pop("ClientSecret", "")
    same = any(k["ClientId"] == settings["ClientId"] for k in known)
    if not given and (new or not kept or not same):
        raise AwsError("InvalidLoadBalancerAction: a client secret is needed")


def _forward(action: Json) -> Json:
    single, config = action.pop("TargetGroupArn", None), action.pop("ForwardConfig", {})
    groups = config.get("TargetGroups") or [{"TargetGroupArn": single}]
    if single and [g["TargetGroupArn"] for g in groups] != [single]:
        raise AwsError("InvalidLoadBalancerAction: two target groups")
    for group in groups:
        if group.get("Weight") is None:
            group["Weight"] = 1
    sticky = {"Enabled": False} | config.get("TargetGroupStickinessConfig", {})
    action["ForwardConfig"] = {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}
    if len(groups) == 1:
        action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    return action


def conditions(wanted: list[Json]) -> list[Json]:
    """Return conditions as AWS describes them: two kinds have the older list of values as well."""
    found = deepcopy(wanted)
    for condition in found:
        setting = _LEGACY.get(condition["Field"])
        if not setting:
            continue
        config = condition.setdefault(setting, {})
        for name in ("Values", "RegexValues"):
            if condition.get(name) and not config.get(name):
                config[name] = condition[name]
            if config.get(name):
                condition[name] = list(config[name])
    return found


class Balancing:
    """The calls of Elastic Load Balancing; `held` keeps all that it describes."""

    def __init__(self, held: Json) -> None:
        self.held = held

    # --- load balancers

    def describe_load_balancers(self) -> Json:
        """Describe all load balancers."""
        return {"LoadBalancers": list(self.held["balancers"].values())}

    def describe_load_balancer_attributes(self, LoadBalancerArn: str) -> Json:  # noqa: N803 - AWS's
        """Describe a load balancer's attributes."""
        return _pairs(self.held["balancer_attributes"][LoadBalancerArn])

    def modify_load_balancer_attributes(self, LoadBalancerArn: str, Attributes: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Set attributes of a load balancer."""
        _set(self.held["balancer_attributes"][LoadBalancerArn], Attributes)
        return {}

    def set_security_groups(self, LoadBalancerArn: str, SecurityGroups: list[str]) -> Json:  # noqa: N803 - AWS's
        """Put a load balancer into security groups."""
        self.held["balancers"][LoadBalancerArn]["SecurityGroups"] = SecurityGroups
        return {}

    # --- listeners

    def describe_listeners(self, LoadBalancerArn: str) -> Json:  # noqa: N803 - AWS's
        """Describe a load balancer's listeners."""
        every = self.held["listeners"].values()
        own = [x for x in every if x["LoadBalancerArn"] == LoadBalancerArn]
        return {"Listeners": [{k: v for k, v in x.items() if k != "Tags"} for x in own]}

    def describe_listener_attributes(self, ListenerArn: str) -> Json:  # noqa: N803 - AWS's
        """Describe a listener's attributes."""
        return _pairs(self.held["listener_attributes"][ListenerArn])

    def describe_listener_certificates(self, ListenerArn: str) -> Json:  # noqa: N803 - AWS's
        """Describe a listener's certificates, the default one first."""
        default = self.held["listeners"][ListenerArn].get("Certificates", [])
        more = [{"CertificateArn": a} for a in self.held["further"].get(ListenerArn, [])]
        return {"Certificates": [{**c, "IsDefault": True} for c in default] + more}

    def create_listener(self, **wanted: Any) -> Json:
        """Create a listener with its default rule."""
        balancer, port = wanted["LoadBalancerArn"], wanted["Port"]
        if any(x["Port"] == port for x in self.describe_listeners(balancer)["Listeners"]):
            raise AwsError("DuplicateListener")
        arn = balancer.replace(":loadbalancer/", ":listener/") + f"/{next(_NUMBERS):016x}"
        made = {"ListenerArn": arn, **wanted}
        made["DefaultActions"] = actions(wanted["DefaultActions"], [], new=True)
        self.held["listeners"][arn] = _secured(made)
        self.held["listener_attributes"][arn] = dict(LISTENER_DEFAULTS)
        self.held["further"][arn] = []
        return {"Listeners": [made]}

    def modify_listener(self, ListenerArn: str, **wanted: Any) -> Json:  # noqa: N803 - AWS's
        """Change settings of a listener; another protocol takes what belonged to the old one."""
        now = self.held["listeners"][ListenerArn]
        if "DefaultActions" in wanted:
            given = wanted["DefaultActions"]
            wanted["DefaultActions"] = actions(given, now["DefaultActions"], new=False)
        now |= wanted
        if now["Protocol"] != "HTTPS":
            self.held["further"][ListenerArn] = []
        _secured(now)
        return {"Listeners": [now]}

    def delete_listener(self, ListenerArn: str) -> Json:  # noqa: N803 - AWS's
        """Delete a listener with its rules."""
        for part in ("listeners", "listener_attributes", "further"):
            del self.held[part][ListenerArn]
        for arn in [a for a, (owner, _) in self.held["rules"].items() if owner == ListenerArn]:
            del self.held["rules"][arn]
        return {}

    def modify_listener_attributes(self, ListenerArn: str, Attributes: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Set attributes of a listener."""
        _set(self.held["listener_attributes"][ListenerArn], Attributes)
        return {}

    def add_listener_certificates(self, ListenerArn: str, Certificates: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Add certificates for clients with SNI."""
        self.held["further"][ListenerArn] += [c["CertificateArn"] for c in Certificates]
        return {}

    def remove_listener_certificates(self, ListenerArn: str, Certificates: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Take certificates for clients with SNI away."""
        gone = [c["CertificateArn"] for c in Certificates]
        there = self.held["further"][ListenerArn]
        self.held["further"][ListenerArn] = [a for a in there if a not in gone]
        return {}

    # --- rules

    def describe_rules(self, ListenerArn: str) -> Json:  # noqa: N803 - AWS's
        """Describe a listener's rules; the default one shows the listener's own actions."""
        own = [r for owner, r in self.held["rules"].values() if owner == ListenerArn]
        own = [{k: v for k, v in r.items() if k != "Tags"} for r in own]  # told by DescribeTags
        default = {
            "RuleArn": f"{ListenerArn.replace(':listener/', ':listener-rule/')}/default",
            "Priority": "default", "IsDefault": True, "Conditions": [],
            "Actions": self.held["listeners"][ListenerArn]["DefaultActions"],
        }  # fmt: skip
        return {"Rules": [*own, default]}

    def create_rule(self, ListenerArn: str, Priority: int, **wanted: Any) -> Json:  # noqa: N803 - AWS's
        """Create a rule."""
        if any(r["Priority"] == str(Priority) for r in self.describe_rules(ListenerArn)["Rules"]):
            raise AwsError("PriorityInUse")
        arn = ListenerArn.replace(":listener/", ":listener-rule/") + f"/{next(_NUMBERS):016x}"
        made = {
            "RuleArn": arn, "Priority": str(Priority), "IsDefault": False,
            "Conditions": conditions(wanted["Conditions"]),
            "Actions": actions(wanted["Actions"], [], new=True),
            **{k: wanted[k] for k in ("Transforms", "Tags") if wanted.get(k)},
        }  # fmt: skip
        self.held["rules"][arn] = (ListenerArn, made)
        return {"Rules": [made]}

    def modify_rule(self, RuleArn: str, **wanted: Any) -> Json:  # noqa: N803 - AWS's
        """Change a rule's conditions, actions or transforms; what is not given stays."""
        now = self.held["rules"][RuleArn][1]
        if "Actions" in wanted:
            now["Actions"] = actions(wanted["Actions"], now["Actions"], new=False)
        if "Conditions" in wanted:
            now["Conditions"] = conditions(wanted["Conditions"])
        if "Transforms" in wanted:
            now["Transforms"] = wanted["Transforms"]
        return {"Rules": [now]}

    def describe_tags(self, ResourceArns: list[str]) -> Json:  # noqa: N803 - AWS's
        """Describe the tags of listeners and rules."""
        tags = {arn: self._tagged(arn).get("Tags", []) for arn in ResourceArns}
        return {"TagDescriptions": [{"ResourceArn": a, "Tags": t} for a, t in tags.items()]}

    def _tagged(self, arn: str) -> Json:
        found: Json = self.held["listeners"].get(arn) or self.held["rules"][arn][1]
        return found

    def delete_rule(self, RuleArn: str) -> Json:  # noqa: N803 - AWS's
        """Delete a rule."""
        del self.held["rules"][RuleArn]
        return {}

    def set_rule_priorities(self, RulePriorities: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Move rules."""
        for move in RulePriorities:
            self.held["rules"][move["RuleArn"]][1]["Priority"] = str(move["Priority"])
        return {}

    # --- target groups

    def describe_target_groups(self) -> Json:
        """Describe all target groups."""
        return {"TargetGroups": list(self.held["groups"].values())}

    def describe_target_group_attributes(self, TargetGroupArn: str) -> Json:  # noqa: N803 - AWS's
        """Describe a target group's attributes."""
        return _pairs(self.held["group_attributes"].get(TargetGroupArn, {}))

    def describe_target_health(self, TargetGroupArn: str) -> Json:  # noqa: N803 - AWS's
        """Describe the targets of a group and their health."""
        return {"TargetHealthDescriptions": self.held["targets"].get(TargetGroupArn, [])}

    def modify_target_group(self, TargetGroupArn: str, **wanted: Any) -> Json:  # noqa: N803 - AWS's
        """Change settings of a health check; what is not given stays."""
        self.held["groups"][TargetGroupArn] |= wanted
        return {}

    def register_targets(self, TargetGroupArn: str, Targets: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Register targets; those that are there stay as they are."""
        there = self.held["targets"].setdefault(TargetGroupArn, [])
        known = [t["Target"] for t in there]
        there += [
            {"Target": t, "TargetHealth": {"State": "healthy"}} for t in Targets if t not in known
        ]
        return {}

    def deregister_targets(self, TargetGroupArn: str, Targets: list[Json]) -> Json:  # noqa: N803 - AWS's
        """Take targets out of a group."""
        there = self.held["targets"][TargetGroupArn]
        self.held["targets"][TargetGroupArn] = [t for t in there if t["Target"] not in Targets]
        return {}


def _secured(listener: Json) -> Json:
    if listener["Protocol"] == "HTTPS":
        if not listener.get("Certificates"):
            raise AwsError("CertificateNotFound")
        listener.setdefault("SslPolicy", USUAL_POLICY)
        mutual = listener.setdefault("MutualAuthentication", {"Mode": "off"})
        if mutual["Mode"] == "verify":
            mutual["TrustStoreAssociationStatus"] = "active"
        return listener
    for part in ("Certificates", "SslPolicy", "MutualAuthentication"):
        listener.pop(part, None)
    return listener


def _pairs(found: dict[str, str]) -> Json:
    return {"Attributes": [{"Key": k, "Value": v} for k, v in found.items()]}


def _set(held: dict[str, str], wanted: list[Json]) -> None:
    held |= {a["Key"]: a["Value"] for a in wanted}
