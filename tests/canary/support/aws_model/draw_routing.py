"""Draw listeners and rules of AWS's own shapes, as ELB takes and describes them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.canary.support import platforms as p
from tests.canary.support.aws_model.account import BALANCER, GOOD, GROUPS, MORE, NAMES, Account
from tests.canary.support.aws_model.drawn import Drawn, Strategy, texts

Json = dict[str, Any]
POLICIES = (
    *("ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS13-1-2-2021-06"),
    *("ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS-1-2-Ext-2018-06"),
    *("ELBSecurityPolicy-FS-1-2-Res-2020-10", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"),
)
TRUST = NAMES.elb("truststore", "clients/0123456789abcdef")
WORDS = texts(1, 64)
MUTUAL = st.sampled_from([{"Mode": "off"}, {"Mode": "passthrough"}]) | st.fixed_dictionaries(
    {
        "Mode": st.just("verify"),
        "TrustStoreArn": st.just(TRUST),
        "IgnoreClientCertificateExpiry": st.booleans(),
        "AdvertiseTrustStoreCaNames": st.sampled_from(["on", "off"]),
    }
)
CIDRS = st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32"])

# What AWS documents beside its model: bounds, forms, and members that it does not describe.
ELB = Drawn(
    "elbv2",
    {
        "TargetGroupArn": st.sampled_from(GROUPS),
        "SslPolicyName": st.sampled_from(POLICIES),
        "TargetGroupWeight": st.integers(0, 999),
        "TargetGroupList": st.lists(
            st.sampled_from(GROUPS), min_size=1, max_size=3, unique=True
        ).flatmap(
            lambda arns: st.tuples(*(st.integers(0, 999) for _ in arns)).map(
                lambda n: [{"TargetGroupArn": a, "Weight": w} for a, w in zip(arns, n, strict=True)]
            )
        ),
        "TargetGroupStickinessDurationSeconds": st.integers(1, 604800),
        "AuthenticateOidcActionSessionTimeout": st.integers(1, 604800),
        "AuthenticateCognitoActionSessionTimeout": st.integers(1, 604800),
        "AuthenticateOidcActionConfig.ClientSecret": None,
        "AuthenticateOidcActionConfig.UseExistingClientSecret": None,
        "AuthenticateCognitoActionUserPoolArn": st.just(
            f"arn:aws:cognito-idp:{NAMES.region}:123456789012:userpool/{NAMES.region}_x"
        ),
        "StringValue": WORDS,
        "ListOfString": st.lists(WORDS, min_size=1, max_size=2, unique=True),
        "QueryStringKeyValuePair.Value": WORDS,
        "RedirectActionPort": st.sampled_from(["#{port}", "443", "8443"]),
        "RedirectActionPath": WORDS.map("/{}".format),
        "FixedResponseActionContentType": st.sampled_from(["text/plain", "application/json"]),
    },
)
_SETTINGS = {
    "authenticate-oidc": "AuthenticateOidc",
    "authenticate-cognito": "AuthenticateCognito",
    "jwt-validation": "JwtValidation",
    "redirect": "Redirect",
    "fixed-response": "FixedResponse",
    "forward": "Forward",
}
GUARDS = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")


def action(kind: str) -> Strategy:
    """Return the strategy for an action of a type."""
    name = _SETTINGS[kind]
    settings = ELB.of(f"{name}ActionConfig")
    if kind == "forward":
        settings = st.fixed_dictionaries(
            {"TargetGroups": ELB.of("TargetGroupList")},
            optional={"TargetGroupStickinessConfig": ELB.of("TargetGroupStickinessConfig")},
        ).map(_sticky)
    return settings.map(lambda found: {"Type": kind, f"{name}Config": found})


def _sticky(config: Json) -> Json:
    """AWS wants a duration with stickiness."""
    sticky = config.get("TargetGroupStickinessConfig", {})
    if sticky.get("Enabled"):
        sticky.setdefault("DurationSeconds", 60)
    return config


LAST = st.sampled_from(["forward", "forward", "redirect", "fixed-response"]).flatmap(action)
GUARD = st.sampled_from(GUARDS).flatmap(action)


@st.composite
def actions(draw: st.DrawFn, last: Strategy = LAST, guard: Strategy = GUARD) -> list[Json]:
    """Draw the actions of a rule: perhaps one that guards, then one that forwards or answers."""
    found = [*draw(st.lists(guard, max_size=1)), draw(last)]
    return [{**a, "Order": n + 1} for n, a in enumerate(found)]


def _of(kind: str, member: str, **fixed: Strategy) -> Strategy:
    config = st.fixed_dictionaries(fixed) if fixed else ELB.of(member.removesuffix("Config"))
    return config.map(lambda found: {"Field": kind, member: found})


_LISTS = ELB.of("ListOfString")
_NAME = st.from_regex(r"[A-Za-z-]{1,12}", fullmatch=True)
_CONDITIONS = st.one_of(
    _of("path-pattern", "PathPatternConfig", Values=_LISTS),
    _of("path-pattern", "PathPatternConfig", RegexValues=_LISTS),
    _of("host-header", "HostHeaderConfig", Values=_LISTS),
    _of("http-header", "HttpHeaderConfig", HttpHeaderName=_NAME, Values=_LISTS),
    _of("http-request-method", "HttpRequestMethodConfig", Values=st.just(["GET", "POST"])),
    _of(
        "query-string",
        "QueryStringConfig",
        Values=st.lists(ELB.of("QueryStringKeyValuePair"), min_size=1, max_size=2),
    ),
    _of("source-ip", "SourceIpConfig", Values=st.lists(CIDRS, min_size=1, max_size=2)),
)
conditions = st.lists(_CONDITIONS, min_size=1, max_size=2)
_REWRITES = st.lists(ELB.of("RewriteConfig"), min_size=1, max_size=1)
transforms: Strategy = st.just([]) | st.sampled_from(
    ["host-header-rewrite", "url-rewrite"]
).flatmap(
    lambda kind: st.fixed_dictionaries(
        {
            "Type": st.just(kind),
            _rewriting(kind): st.fixed_dictionaries({"Rewrites": _REWRITES}),
        }
    ).map(lambda one: [one])
)


def _rewriting(kind: str) -> str:
    return "HostHeaderRewriteConfig" if kind.startswith("host") else "UrlRewriteConfig"


ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        [
            "routing.http.response.server.enabled",
            "routing.http.response.strict_transport_security.header_value",
            "routing.http.response.content_security_policy.header_value",
            "routing.http.response.access_control_allow_origin.header_value",
        ]
    ),
    st.sampled_from(["true", "false", "max-age=31536000; includeSubDomains", "*", "'self'"]),
    max_size=2,
).map(lambda found: [{"Key": k, "Value": v} for k, v in found.items()])


TAGS = st.sampled_from([[], [{"Key": "team", "Value": "ml"}, {"Key": "empty", "Value": ""}]])


@st.composite
def rules(draw: st.DrawFn, guard: Strategy = GUARD) -> list[Json]:
    """Draw rules of a listener with their priorities."""
    numbers = draw(st.lists(st.integers(1, 50000), max_size=2, unique=True))
    return [
        {
            "Priority": n,
            "Conditions": draw(conditions),
            "Actions": draw(actions(guard=guard)),
            "Transforms": draw(transforms),
            "Tags": draw(TAGS),
        }
        for n in numbers
    ]


@st.composite
def listeners(draw: st.DrawFn, guard: Strategy = GUARD, last: Strategy = LAST) -> Json:
    """Draw the registry's HTTPS listener with its certificates, attributes and rules."""
    return {
        "settings": {
            "LoadBalancerArn": BALANCER,
            "Protocol": "HTTPS",
            "Port": 443,
            "SslPolicy": draw(ELB.of("SslPolicyName")),
            "Certificates": [{"CertificateArn": GOOD}],
            "DefaultActions": draw(actions(last, guard)),
            "MutualAuthentication": draw(MUTUAL),
            **draw(st.sampled_from([{}, {"Tags": [{"Key": "team", "Value": "ml"}]}])),
        },
        "further": draw(st.sampled_from([[], [MORE]])),
        "attributes": draw(ATTRIBUTES),
        "rules": draw(rules(guard)),
    }


REDIRECT: Json = {
    "Type": "redirect",
    "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
}
REDIRECTS = ELB.fields("RedirectActionConfig", "Path", "Query", "StatusCode").map(
    lambda more: {**REDIRECT, "RedirectConfig": {**REDIRECT["RedirectConfig"], **more}}
)


def account(listener: Json, scheme: str = "internet-facing", redirect: Json = REDIRECT) -> Account:
    """Return an account with a load balancer that has a drawn listener, and a plain one."""
    found = Account()
    (raw,) = [b for b in p.healthy(NAMES).load_balancers if b.arn == BALANCER]
    found.held["balancers"][BALANCER] = {
        "LoadBalancerArn": BALANCER, "LoadBalancerName": raw.name, "DNSName": raw.dns_name,
        "Scheme": scheme, "VpcId": raw.vpc_id, "State": {"Code": "active"},
        "Type": "application", "SecurityGroups": list(raw.security_groups),
        "AvailabilityZones": [{"ZoneName": "us-east-1a", "SubnetId": "subnet-public"}],
    }  # fmt: skip
    found.held["balancer_attributes"][BALANCER] = {"idle_timeout.timeout_seconds": "60"}
    create(found, listener)
    plain = {"LoadBalancerArn": BALANCER, "Protocol": "HTTP", "Port": 80}
    found.do("elbv2", "CreateListener", **plain, DefaultActions=[redirect])
    return found


def create(found: Account, listener: Json) -> str:
    """Create a drawn listener with all that belongs to it; AWS knows the secrets of its sign-in."""
    settings = {**listener["settings"]}
    settings["DefaultActions"] = [with_secret(a) for a in settings["DefaultActions"]]
    (made,) = found.do("elbv2", "CreateListener", **settings)["Listeners"]
    arn: str = made["ListenerArn"]
    more = [{"CertificateArn": a} for a in listener["further"]]
    if more:
        found.do("elbv2", "AddListenerCertificates", ListenerArn=arn, Certificates=more)
    set_ = listener["attributes"]
    found.do("elbv2", "ModifyListenerAttributes", ListenerArn=arn, Attributes=set_)
    for rule in listener["rules"]:
        create_rule(found, arn, rule)
    return arn


def create_rule(found: Account, listener: str, rule: Json) -> str:
    """Create a drawn rule."""
    known = {**rule, "Actions": [with_secret(a) for a in rule["Actions"]]}
    (made,) = found.do("elbv2", "CreateRule", ListenerArn=listener, **known)["Rules"]
    arn: str = made["RuleArn"]
    return arn


def with_secret(action: Json) -> Json:
    """Return an action as it is created: a sign-in has its client's secret."""
    config = action.get("AuthenticateOidcConfig")
    return (
        {**action, "AuthenticateOidcConfig": {**config, "ClientSecret": "s"}} if config else action
    )


def secure(found: Account) -> str:
    """Return the ARN of the listener on 443."""
    return next(str(a) for a, x in found.held["listeners"].items() if x["Port"] == 443)


def oidc(listener: Json) -> bool:
    """Return whether a listener or one of its rules signs in with OIDC."""
    found = [listener["settings"]["DefaultActions"], *(r["Actions"] for r in listener["rules"])]
    return any(a["Type"] == "authenticate-oidc" for own in found for a in own)
