"""Any listener rule that AWS allows comes back from one fault just as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from canary.diagnose.routing import rules
from canary.model import Result
from tests.canary.support import platforms as p
from tests.canary.support.aws_model import draw_routing as draw
from tests.canary.support.aws_model.account import BALANCER, GOOD, GROUPS, NAMES, Account, case
from tests.canary.support.aws_model.drawn import texts
from tests.canary.support.aws_model.profiles import PROFILES, holds
from tests.canary.support.aws_model.proof import ALONE, restores

Json = dict[str, Any]
API, MLFLOW, _AUTH = GROUPS
PROXY = f"https://registry.{NAMES.domain}{p.API_PATH}"


def misrouted() -> tuple[Result, ...]:
    page = p.answer(PROXY, 404, p.WERKZEUG, content_type="text/html")
    step = f"registry.{NAMES.domain}{p.API_PATH}"
    return (
        p.failed("registry.proxy", "registry", page),
        p.control("listener_rule", "registry", step),
    )


def path(*patterns: str) -> Json:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


def forward(group: str, config: Json | None = None) -> Json:
    """Return a forward action to one group; what else was drawn of it stays."""
    first = [{"TargetGroupArn": group, "Weight": (config or {}).get("Weight", 1)}]
    sticky = {k: v for k, v in (config or {}).items() if k == "TargetGroupStickinessConfig"}
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": first, **sticky}}


_SETTINGS = st.fixed_dictionaries(
    {"Weight": st.integers(1, 999)},
    optional={
        "TargetGroupStickinessConfig": st.fixed_dictionaries(
            {"Enabled": st.booleans(), "DurationSeconds": st.integers(1, 604800)}
        )
    },
)
_HOST = {"Field": "host-header", "HostHeaderConfig": {"Values": [f"*.{NAMES.domain}"]}}
_METHODS = {
    "Field": "http-request-method",
    "HttpRequestMethodConfig": {"Values": ["GET", "POST", "PATCH", "DELETE"]},
}


@st.composite
def proxied(draw_: st.DrawFn, guard: st.SearchStrategy[Json] = draw.GUARD) -> Json:
    """Draw the rule of the paths that the registry hands on to MLflow."""
    patterns = draw_(st.lists(texts(1, 64), max_size=2, unique=True))
    more = draw_(st.lists(st.sampled_from([_HOST, _METHODS]), max_size=2, unique_by=str))
    before = draw_(st.lists(guard, max_size=1))
    actions = [*before, forward(API, draw_(_SETTINGS))]
    return {
        "Priority": draw_(st.integers(60, 100)),
        "Conditions": [path("/api/mlflow/*", *patterns), *more],
        "Actions": [{**a, "Order": n + 1} for n, a in enumerate(actions)],
        "Transforms": draw_(draw.transforms),
        "Tags": draw_(draw.TAGS),
    }


def platform(rule: Json) -> tuple[Account, str]:
    """Return an account with a drawn rule between others, and the rule's ARN."""
    others = [
        {"Priority": 50, "Conditions": [path("/mlflow/*")], "Actions": [forward(MLFLOW)]},
        {"Priority": 110, "Conditions": [path("/api/v1/*")], "Actions": [forward(API)]},
    ]
    settings = {
        "LoadBalancerArn": BALANCER, "Protocol": "HTTPS", "Port": 443,
        "SslPolicy": draw.POLICIES[1], "Certificates": [{"CertificateArn": GOOD}],
        "DefaultActions": [forward(MLFLOW)],
    }  # fmt: skip
    listener = {"settings": settings, "further": [], "attributes": [], "rules": others}
    found = draw.account(listener)
    return found, draw.create_rule(found, draw.secure(found), rule)


Fault = Callable[[Account, str], None]


def to_another_group(broken: Account, arn: str) -> None:
    *guards, last = broken.held["rules"][arn][1]["Actions"]
    config = last["ForwardConfig"]
    groups = [{**g, "TargetGroupArn": MLFLOW} for g in config["TargetGroups"]]
    wrong = {"Type": "forward", "Order": 9, "ForwardConfig": {**config, "TargetGroups": groups}}
    broken.do("elbv2", "ModifyRule", RuleArn=arn, Actions=[*map(_again, guards), wrong])


def to_an_answer(broken: Account, arn: str) -> None:
    kept = [_again(a) for a in broken.held["rules"][arn][1]["Actions"][:-1]]
    fixed = {"Type": "fixed-response", "Order": 9, "FixedResponseConfig": {"StatusCode": "404"}}
    broken.do("elbv2", "ModifyRule", RuleArn=arn, Actions=[*kept, fixed])


def to_other_paths(broken: Account, arn: str) -> None:
    broken.do("elbv2", "ModifyRule", RuleArn=arn, Conditions=[path("/elsewhere/*")])


def deleted(broken: Account, arn: str) -> None:
    broken.do("elbv2", "DeleteRule", RuleArn=arn)


def behind_another(broken: Account, arn: str) -> None:
    everything = {"Conditions": [path("/api/*", "/ap?/*")], "Actions": [forward(MLFLOW)]}
    draw.create_rule(broken, draw.secure(broken), {"Priority": 7, **everything})


def _again(action: Json) -> Json:
    config = action.get("AuthenticateOidcConfig")
    kept = {"UseExistingClientSecret": True}
    return {**action, "AuthenticateOidcConfig": {**config, **kept}} if config else action


FAULTS = [to_another_group, to_an_answer, to_other_paths, deleted, behind_another]


def _alone(fault: Fault, rule: Json) -> bool:
    """Return whether only the past tells of a sign-in of others, or that a rule took all paths."""
    if fault is deleted and rule["Actions"][0]["Type"] == "jwt-validation":
        return True
    paths = (c["PathPatternConfig"]["Values"] for c in rule["Conditions"] if "path" in c["Field"])
    return fault in (deleted, to_other_paths) and any("*" in values for values in paths)


@pytest.mark.parametrize("many", PROFILES)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__)
def test_a_rule(fault: Fault, many: bool) -> None:
    def check(rule: Json) -> None:
        well, arn = platform(rule)
        broken = well.copy()
        fault(broken, arn)
        found = list(rules.rules(case(broken, well, *misrouted())))
        assert found
        for one in found:  # each path that is led wrong may be a finding of its own
            if fault is deleted and rule["Actions"][0]["Type"] == "authenticate-oidc":
                assert one.remedy.fix == () and "client secret" in one.remedy.decision
            elif _alone(fault, rule):
                assert one.remedy.fix == () and ALONE in one.remedy.decision
            else:
                restores(one.remedy, broken, well)

    holds(check, proxied(), many=many, examples=20)
