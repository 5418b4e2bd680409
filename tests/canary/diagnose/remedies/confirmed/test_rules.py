"""Rules, listeners, targets and policies: what of an edit the present does not confirm."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.control_plane.state import (
    Action,
    Condition,
    Container,
    LoadBalancer,
    PlatformState,
    TargetHealth,
)
from canary.diagnose.remedies.confirmed import (
    actions,
    conditions,
    listeners,
    neighbours,
    references,
    roles,
    sign_in,
)
from canary.diagnose.remedies.edit import Edit, Later
from canary.diagnose.remedies.rules import condition_json
from canary.model import Environment, RouteRule
from tests.canary.support import platforms as p
from tests.canary.support.routed import (
    API,
    AUTH,
    BALANCER,
    ENVIRONMENT,
    HEALTHY,
    HOST,
    MLFLOW,
    PLAIN,
    SECURE,
    case,
    listener,
    platform,
    rule,
    to,
)

Json = dict[str, Any]
DEFAULT = rule("default")
STRANGER = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/stranger/1"


def balancer(*rules: Any, **more: Any) -> LoadBalancer:
    """Return the registry's balancer with these rules."""
    return p.replace(BALANCER, listeners=(PLAIN, listener(*rules)), **more)


def forward(*groups: str) -> Json:
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": [
        {"TargetGroupArn": g} for g in groups]}}  # fmt: skip


def paths(*values: str) -> Json:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": [*values]}}


def hosts(*values: str) -> Json:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": [*values]}}


def regex(*values: str) -> Json:
    return {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": [*values]}}


# --- actions


def unconfirmed(*wanted: Json, now: LoadBalancer | None = BALANCER, **more: Any) -> list[str]:
    given = more.get("conditions")
    return list(actions.unconfirmed(case(more.get("state", HEALTHY)), now, [*wanted], given))


def requests(group: str) -> str:
    return f"only the past tells that {group} got requests of this load balancer"


def test_a_group_of_a_service_behind_the_balancer_is_confirmed() -> None:
    assert unconfirmed(forward(API, MLFLOW)) == []
    assert unconfirmed({"Type": "forward", "TargetGroupArn": API}) == []
    assert unconfirmed(forward(AUTH)) == [requests(AUTH)]
    assert unconfirmed(forward(STRANGER), {"Type": "forward", "TargetGroupArn": AUTH}) == [
        requests(STRANGER), requests(AUTH)
    ]  # fmt: skip
    assert unconfirmed(forward(AUTH), now=None) == []  # no balancer is told


def test_a_group_to_which_a_living_rule_leads_is_confirmed() -> None:
    assert unconfirmed(forward(STRANGER, API), now=balancer(rule(1, action=to(STRANGER)))) == []
    led = p.replace(BALANCER, listeners=(p.replace(PLAIN, default_actions=(to(STRANGER),)),))
    assert unconfirmed(forward(STRANGER), now=led) == []


def test_a_redirect_stays_at_the_hosts_of_the_file_and_under_tls() -> None:
    def redirect(host: str = "", protocol: str = "HTTPS", **more: Any) -> list[str]:
        config = {"Host": host, "Protocol": protocol, "StatusCode": "HTTP_301"}
        return unconfirmed({"Type": "redirect", "RedirectConfig": config}, **more)

    for host in ("", "#{host}", HOST, HOST.upper(), "auth.hokus.ai"):
        assert redirect(host) == []
    assert redirect("evil.example") == ["only the past tells that it redirected to evil.example"]
    assert redirect(protocol="HTTP") == [
        "only the past tells that it redirected to HTTP, without TLS"
    ]
    away = Action(type="redirect", status_code="HTTP_302", redirect="HTTPS://evil.example:443/")
    assert redirect("evil.example", now=balancer(rule(1, action=away))) == []
    assert unconfirmed({"Type": "redirect"}) == []


def test_a_text_that_a_browser_runs_is_not_answered_by_the_past() -> None:
    def fixed(**config: str) -> list[str]:
        return unconfirmed({"Type": "fixed-response", "FixedResponseConfig": config})

    assert fixed(MessageBody="x", ContentType="text/html") == [
        "only the past tells the text/html that it would answer"
    ]
    assert fixed(MessageBody="", ContentType="text/html") == []
    for kind in ("text/plain", "application/json", ""):
        assert fixed(MessageBody="x", ContentType=kind) == []
    assert fixed(MessageBody="x") == unconfirmed({"Type": "fixed-response"}) == []


OIDC = {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {
    "Issuer": "https://i", "ClientId": "c", "Scope": "openid"}}  # fmt: skip


def test_what_lives_now_is_confirmed_wherever_it_stands() -> None:
    kept = {**OIDC["AuthenticateOidcConfig"], "UseExistingClientSecret": True}
    wanted = {"Type": "authenticate-oidc", "AuthenticateOidcConfig": kept, "Order": 2}
    there = Action(type="authenticate-oidc", config={**OIDC, "Order": 1})
    shown = '{"ClientId": "c", "Issuer": "https://i"}'
    assert unconfirmed(wanted, now=balancer(rule(1, earlier=(there,)))) == []
    assert unconfirmed(wanted) == [f"only the past tells how its authenticate-oidc was: {shown}"]


def test_a_rule_guards_where_it_asks_who_comes_or_refuses() -> None:
    for kind in ("authenticate-oidc", "authenticate-cognito", "jwt-validation"):
        assert actions.guards(rule(1, earlier=(Action(type=kind),)))
    for status, refuses in (("401", True), ("403", True), ("407", True), ("404", False)):
        fixed = Action(type="fixed-response", status_code=status)
        assert actions.guards(rule(1, action=fixed)) is refuses
    assert not actions.guards(rule(1, action=Action(type="redirect", status_code="403")))
    assert not actions.guards(None)


# --- sign-in

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/p"


def cognito(arn: str = POOL) -> Json:
    return {"Type": "authenticate-cognito", "AuthenticateCognitoConfig": {"UserPoolArn": arn}}


def jwt(issuer: str, keys: str) -> Json:
    config = {"Issuer": issuer, "JwksEndpoint": keys}
    return {"Type": "jwt-validation", "JwtValidationConfig": config}


OURS = f"https://{HOST}/keys"


@pytest.mark.parametrize(
    ("action", "closes"),
    [
        (cognito(), True), (cognito(POOL.replace("123456789012", "9")), False),
        (cognito(POOL.replace("cognito-idp", "iam")), False),
        (cognito("arn:aws:cognito-idp"), False),
        ({"Type": "authenticate-cognito"}, False),
        (jwt(OURS, OURS), True), (jwt(OURS, "https://evil.example/"), False),
        (jwt("https://evil.example/", OURS), False),
        (jwt(OURS, OURS.replace("https", "http")), False),
        ({"Type": "jwt-validation"}, False), (OIDC, False),
        ({**jwt(OURS, OURS), "Type": "authenticate-oidc"}, False),
    ],
)  # fmt: skip
def test_a_sign_in_of_this_account_or_of_our_hosts_only_closes(action: Json, closes: bool) -> None:
    assert sign_in.only_closes(case(), BALANCER, action) is closes
    assert (unconfirmed(action) == []) is closes
    short = p.replace(BALANCER, arn="short")
    assert not sign_in.only_closes(case(), short, cognito())
    assert not sign_in.only_closes(case(), None, cognito())


def test_no_past_takes_a_sign_in_away() -> None:
    there = {**OIDC, "Order": 1}
    said = "only the past tells that it was without the authenticate-oidc that it has now"
    assert list(sign_in.lost([there, forward(API)], [forward(API)])) == [said]
    assert list(sign_in.lost([there], [{**OIDC, "Order": 3}])) == []
    assert list(sign_in.lost([forward(API)], [])) == []
    other = {**OIDC, "AuthenticateOidcConfig": {"Issuer": "https://j"}}
    assert list(sign_in.lost([there], [other])) == [said]


def test_a_sign_in_is_described_by_whose_it_is() -> None:
    assert sign_in.described({**OIDC, "Order": 1}) == '{"ClientId": "c", "Issuer": "https://i"}'
    pool = {"UserPoolArn": POOL, "UserPoolClientId": "c", "UserPoolDomain": "d", "Scope": "openid"}
    assert sign_in.described({"AuthenticateCognitoConfig": pool}) == (
        f'{{"UserPoolArn": "{POOL}", "UserPoolClientId": "c", "UserPoolDomain": "d"}}'
    )
    assert sign_in.described(jwt("i", "k")) == '{"Issuer": "i", "JwksEndpoint": "k"}'
    long = {"AuthenticateOidcConfig": {"Issuer": "x" * 700}}
    assert len(sign_in.described(long)) == 600


# --- conditions


def test_the_values_of_conditions_are_read_by_their_field() -> None:
    mixed = [paths("/a", "/b"), hosts("h"), regex("^/c"), {"Field": "path-pattern"}]
    assert conditions.values(mixed, "path-pattern") == ("/a", "/b", "regex:^/c")
    assert conditions.values(mixed, "host-header") == ("h",)


@pytest.mark.parametrize(
    ("given", "takes"),
    [
        ([], True), ([paths("/a*")], True), ([paths("/b")], False), ([hosts("H.example")], True),
        ([hosts("other")], False), ([hosts("h.*"), paths("/b")], False),
        ([{"Field": "source-ip"}], True), ([regex("^/a")], True),
    ],
)  # fmt: skip
def test_conditions_may_take_a_request(given: list[Json], takes: bool) -> None:
    assert conditions.may_take(given, "h.example", "/a") is takes


def test_a_host_that_is_not_known_may_be_any() -> None:
    assert conditions.may_take([hosts("h")], "", "/a")


def test_what_the_file_asks_at_a_balancer() -> None:
    assert conditions.asked(case(), HEALTHY.load_balancers[0]) == [
        ("auth.hokus.ai", "/health"), ("auth.hokus.ai", "/api/v1/keys/validate"),
        ("auth.hokus.ai", "/health"),
    ]  # fmt: skip
    services = dict(ENVIRONMENT.services)
    services["auth"] = p.replace(services["auth"], health_path="")
    file = p.replace(ENVIRONMENT, services=services, routes=())
    assert conditions.asked(case(environment=file), HEALTHY.load_balancers[0]) == [
        ("auth.hokus.ai", "/")
    ]
    assert conditions.takes_a_route(case(), BALANCER, [paths("/mlflow/*")])
    assert not conditions.takes_a_route(case(), BALANCER, [paths("/shop")])


def lost(now: list[Condition], *wanted: Json, environment: Environment = ENVIRONMENT) -> list[str]:
    there = p.replace(rule(1), conditions=tuple(now))
    return list(conditions.lost(case(environment=environment), BALANCER, there, [*wanted]))


SOURCE = Condition(field="source-ip", values=("10.0.0.0/8",))
HEADER = Condition(field="http-header", values=("s",))
PATH = Condition(field="path-pattern", values=("/a",))


def test_who_may_ask_a_rule_is_not_widened_by_the_past() -> None:
    said = "only the past tells that it was without the {} that it has now"
    assert lost([SOURCE, HEADER, PATH], paths("/a")) == [
        said.format("source-ip"), said.format("http-header")
    ]  # fmt: skip
    assert lost([SOURCE, PATH], condition_json(SOURCE)) == []
    assert lost([PATH], paths("/b")) == []
    assert lost([SOURCE], paths("/api/*", "/mlflow/*")) == []  # routes of the file
    assert lost([SOURCE], paths("/api/*", "/a")) == [said.format("source-ip")]
    one = RouteRule(host=HOST, path="/a", service="registry", pattern="/a*", priority=1)
    assert lost([SOURCE], paths("/a*"), environment=p.replace(ENVIRONMENT, routes=(one,))) == []
    assert lost([SOURCE]) == [said.format("source-ip")]


def test_a_host_is_not_lost_where_nothing_of_the_file_is_kept_out() -> None:
    other = Condition(field="host-header", values=("shop.example",))
    own = Condition(field="host-header", values=(HOST,))
    wide = Condition(field="host-header", values=("*",))
    said = ["only the past tells that it was without the host-header that it has now"]
    assert lost([other, PATH], paths("/a")) == said
    assert lost([other], paths("/health")) == []  # the file asks this at another host
    assert lost([own], paths("/health")) == said
    assert lost([wide], paths("/a")) == []
    assert lost([other], paths("/a"), hosts("b.example")) == []
    assert lost([other], paths("/a"), hosts("x7*")) == []  # not just any host
    assert lost([other], paths("/a"), hosts("q1*")) == []
    assert lost([other], paths("/a"), hosts("*")) == said
    assert lost([other], paths("/a"), hosts("*", "b.example")) == said
    nowhere = RouteRule(host="", path="/q", service="registry", priority=1)
    file = p.replace(ENVIRONMENT, routes=(*ENVIRONMENT.routes, nowhere))
    assert lost([other, PATH], paths("/a", "/q"), environment=file) == said
    upper = Condition(field="host-header", values=(HOST.upper(),))
    assert lost([upper, PATH], paths("/health")) == said  # only its path keeps this out


def widened(
    *wanted: Json, now: Any = None, groups: tuple[str, ...] = (API,),
    at: LoadBalancer | None = BALANCER, environment: Environment = ENVIRONMENT,
) -> list[str]:  # fmt: skip
    known = case(environment=environment)
    return list(conditions.widened(known, at, now, [*wanted], [*groups]))


def test_no_past_leads_every_path_to_a_group() -> None:
    assert widened(paths("/*")) == ["only the past tells that a rule took /*"]
    assert widened(paths("*", "/*", "/a")) == ["only the past tells that a rule took *, /*"]
    assert widened() == ["only the past tells that a rule took every path"]
    assert widened(regex(".")) == ["only the past tells that a rule took regex:."]
    assert widened(paths("/a*")) == widened(paths("/*"), groups=()) == []
    assert widened(paths("/*"), at=None) == ["only the past tells that a rule took /*"]
    assert widened(paths("/x*")) == widened(paths("/q*")) == []
    wide = p.replace(rule(1), conditions=(Condition(field="path-pattern", values=("/*",)),))
    assert widened(paths("/*"), now=wide) == []
    assert widened(paths("/*"), now=p.replace(wide, conditions=(PATH,))) != []
    assert widened(paths("/*"), at=balancer(wide)) == []
    assert widened(paths("/*"), at=balancer(p.replace(wide, priority="default"))) != []
    assert widened(paths("/*"), at=balancer(p.replace(wide, arn="arn:2")), now=rule(2, "/a")) != []


def test_a_service_that_has_a_whole_host_takes_every_path() -> None:
    def whole(*wanted: Json, groups: tuple[str, ...] = (API,), **fields: Any) -> bool:
        services = dict(ENVIRONMENT.services)
        routes = fields.pop("routes", ())
        services["registry"] = p.replace(services["registry"], **fields)
        file = p.replace(ENVIRONMENT, services=services, routes=routes)
        return widened(paths("/*"), *wanted, groups=groups, environment=file) == []

    own = RouteRule(host=HOST, path="/a", service="registry", pattern="/a*", priority=1)
    assert whole() and whole(hosts(HOST)) and whole(url=f"https://{HOST}/")
    assert whole(hosts(HOST.upper()))
    assert not whole(hosts("shop.example"))
    assert not whole(url=f"https://{HOST}/base")
    assert not whole(groups=(API, MLFLOW))
    assert not whole(routes=(own,))
    assert whole(routes=(p.replace(own, service="mlflow"), p.replace(own, pattern="")))
    assert whole(routes=(p.replace(own, pattern="/*"),))  # the file names it
    assert not whole(load_balancer="x")


# --- target groups of other programs


def near(*targets: str, given: tuple[Json, ...] = (paths("/shop"),), **group: Any) -> bool:
    found = tuple(TargetHealth(id=t, port=1, state="healthy") for t in targets)
    known = {"load_balancers": (BALANCER.arn,), **group}
    other = p.replace(HEALTHY.target_groups[0], arn=STRANGER, name="shop", targets=found, **known)
    state = p.replace(HEALTHY, target_groups=(*HEALTHY.target_groups, other))
    found = neighbours.is_neighbour(case(state), BALANCER, STRANGER, [*given])
    assert found in (True, False) and found is not None
    return found


def test_a_group_in_the_network_may_get_what_the_file_does_not_ask() -> None:
    assert near("10.0.1.77") and near("i-1", "10.0.1.77")
    assert not near("203.0.113.7") and not near("10.0.1.77", "203.0.113.7") and not near()
    assert not near("10.0.1.77", given=(paths("/mlflow/*"),))
    assert not near("10.0.1.77", given=())
    assert near("10.0.1.77", load_balancers=())
    assert not near("10.0.1.77", load_balancers=(BALANCER.arn, "arn:other"))
    assert neighbours.is_neighbour(case(), BALANCER, STRANGER, []) is False
    assert neighbours.is_neighbour(case(), None, API, []) is False


def test_tasks_behind_the_balancer_may_get_what_the_file_asks() -> None:
    asked = (paths("/mlflow/*"),)
    assert near("10.0.1.11", "10.0.1.12", given=asked)
    assert not near("10.0.1.10", given=asked)  # of another balancer
    assert not near("10.0.1.11", "10.0.1.77", given=asked)


# --- references


def refer(state: PlatformState = HEALTHY, account: str = "123456789012", **given: Any) -> list[str]:
    file = p.replace(ENVIRONMENT, account=account)
    edit = Edit(service="elbv2", operation="x", parameters=given, resource="r")
    return list(references.references(case(state, environment=file), edit))


CERTIFICATE = p.certificate_arn(p.Names())


def test_an_arn_belongs_to_this_account_and_region() -> None:
    other = "arn:aws:sns:eu-west-1:123456789012:x:y"
    said = "arn:aws:sns:us-east-1:9:x belongs to another account or region"
    assert refer(A=[{"B": ("arn:aws:sns:us-east-1:9:x",)}]) == [said]
    assert refer(A=other) == [f"{other} belongs to another account or region"]
    assert refer(A="arn:aws:sns:us-east-1:9") == []
    assert refer(A="arn:aws:s3:::bucket") == refer(A="arn:short", B=7, C="text") == []
    assert refer(account="", A="arn:aws:sns:us-east-1:9:x") == []


def test_a_target_group_and_a_certificate_live() -> None:
    gone = API + "0"
    assert refer(A=API, C=CERTIFICATE) == []
    assert refer(A=gone) == [f"target group {gone} is not there"]
    dead = CERTIFICATE + "0"
    assert refer(A=dead) == [f"certificate {dead} is not known to be valid now"]
    old = p.change(HEALTHY, "certificates", CERTIFICATE,
                   not_after=(p.NOW - dt.timedelta(days=1)).isoformat())  # fmt: skip
    assert refer(old, A=CERTIFICATE) == [f"certificate {CERTIFICATE} is not known to be valid now"]


def test_a_target_group_is_of_the_vpc_of_its_balancer() -> None:
    def found(vpc: str, **given: Any) -> list[str]:
        return refer(p.change(HEALTHY, "target_groups", API, vpc_id=vpc), A=API, **given)

    said = ["target group hokusai-registry-development-tg belongs to another VPC than"
            " hokusai-registry-lb"]  # fmt: skip
    later = Later(service="elbv2", operation="o", query="q",
                  parameters={"LoadBalancerArn": BALANCER.arn})  # fmt: skip
    for given in (BALANCER.arn, SECURE.arn, SECURE.rules[0].arn, later):
        assert found("vpc-2", Of=given) == said
        assert found("vpc-1", Of=given) == found("", Of=given) == []
    assert found("vpc-2") == found("vpc-2", Of=HEALTHY.load_balancers[0].listeners[0].port) == []


# --- policies of roles

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app"


def role(resource: Any, action: Any = "secretsmanager:GetSecretValue", **more: Any) -> list[str]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    parameters = {"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}
    before = {"p": {"Statement": more["had"]}} if "had" in more else None
    statement.pop("had", None)
    edit = Edit(service="iam", operation="put-role-policy", parameters=parameters, resource="r",
                before=before)  # fmt: skip
    named = Container(name="c", image="i", secrets={"A": f"{SECRET}-AbCdEf:key::", "B": "/x/y"})
    state = p.replace(HEALTHY, task_definitions=(
        p.replace(HEALTHY.task_definitions[0], containers=(named,)),))  # fmt: skip
    return list(roles.unconfirmed(case(state), edit))


@pytest.mark.parametrize(
    ("resource", "good"),
    [
        (f"{SECRET}-AbCdEf", True), (f"{SECRET}-*", True), (f"{SECRET}-??????", True),
        (f"{SECRET}*", False), ("*", False), (f"{SECRET}-?????", False),
        (SECRET.replace("app", "other") + "-*", False), (SECRET.replace(":app", ":a?p"), False),
        (SECRET, True), (SECRET.replace(":app", ":ap") + "-??????", False),
    ],
)  # fmt: skip
def test_a_role_reads_what_a_revision_names_and_no_more(resource: str, good: bool) -> None:
    said = [] if good else [f"only the past tells that the role could read {resource}"]
    assert role(resource) == said


def test_only_reading_of_secrets_is_judged() -> None:
    said = ["only the past tells that the role could read *"]
    for action in ("ssm:GetParameters", "KMS:Decrypt", ["logs:x", "secretsmanager:Get*"]):
        assert role("*", action) == said
    assert role("*", "ecr:GetAuthorizationToken") == role("*", Effect="Deny") == []
    assert role(["*", f"{SECRET}-*"]) == said


# --- listeners


def tls(policy: str, *there: str) -> list[str]:
    lists = tuple(p.replace(SECURE, ssl_policy=x) for x in there)
    state = p.change(HEALTHY, "load_balancers", BALANCER.arn, listeners=lists)
    return list(listeners.unconfirmed(case(state), BALANCER, {"SslPolicy": policy}))


@pytest.mark.parametrize(
    ("policy", "modern"),
    [
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", True),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", True),
        ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", True),
        ("ELBSecurityPolicy-FS-1-2-Res-2019-08", True),
        ("ELBSecurityPolicy-TLS13-1-1-2021-06", False), ("ELBSecurityPolicy-2016-08", False),
        ("ELBSecurityPolicy-TLS-1-1-2017-01", False), ("ELBSecurityPolicy-FS-1-1-2019-08", False),
        ("", True),
    ],
)  # fmt: skip
def test_an_old_tls_policy_is_taken_only_where_it_lives(policy: str, modern: bool) -> None:
    old = f"only the past tells the TLS policy {policy}, which allows versions before TLS 1.2"
    assert tls(policy) == ([] if modern else [old])
    assert tls(policy, policy) == []


def test_an_attribute_that_opens_to_other_sites_is_taken_only_where_it_lives() -> None:
    key = "routing.http.response.access_control_allow_origin.header_value"
    said = [f"only the past tells the value of {key}"]

    def found(name: str, value: str, **there: str) -> list[str]:
        state = p.change(HEALTHY, "load_balancers", BALANCER.arn, listeners=(
            p.replace(SECURE, attributes={k.replace("__", "."): v for k, v in there.items()}),
            PLAIN))  # fmt: skip
        wanted = {"Attributes": [{"Key": name, "Value": value}]}
        return list(listeners.unconfirmed(case(state), BALANCER, wanted))

    assert found(key, "*") == said
    assert found("routing.http.response.x_frame_options.header_value", "DENY") == []
    lives = {key.replace(".", "__"): "*"}
    assert found(key, "*", **lives) == [] and found(key, "https://x", **lives) == said


def test_a_certificate_covers_a_host_of_the_balancer_or_serves_there_now() -> None:
    other = CERTIFICATE + "2"
    new = p.replace(HEALTHY.certificates[0], arn=other, domain="x.example", names=("x.example",))
    state = p.replace(HEALTHY, certificates=(*HEALTHY.certificates, new))

    def found(arn: str, at: LoadBalancer | None = BALANCER, known: Any = state) -> list[str]:
        wanted = {"Certificates": [{"CertificateArn": arn}]}
        return list(listeners.unconfirmed(case(known), at, wanted))

    assert found(CERTIFICATE) == []
    assert found(other) == [f"certificate {other} covers no host of hokusai-registry-lb"]
    assert found(other, None) == [f"certificate {other} covers no host of the platform"]
    assert found(other, p.replace(BALANCER, name="x")) == []  # the file asks no host there
    serves = p.replace(BALANCER, listeners=(p.replace(SECURE, certificates=(other,)),))
    assert found(other, serves) == []
    assert found("arn:gone") == found(other, known=HEALTHY) == []


REDIRECT = [{"Type": "redirect"}]
SERVED = ["only the past tells that port 80 served without TLS"]


def bare(
    wanted: Json, file: Environment = ENVIRONMENT, state: PlatformState = HEALTHY
) -> list[str]:
    return list(listeners.plain(case(state, environment=file), BALANCER, wanted))


def plain_file(url: str = f"http://{HOST}") -> Environment:
    services = dict(ENVIRONMENT.services)
    services["registry"] = p.replace(services["registry"], url=url)
    return p.replace(ENVIRONMENT, services=services)


def test_a_listener_without_tls_only_redirects_where_the_file_does_not_ask_it() -> None:
    serves = {"Protocol": "HTTP", "Port": 80, "DefaultActions": [forward(API)]}
    assert bare(serves) == bare({"Protocol": "HTTP", "Port": 80}) == SERVED
    assert bare({**serves, "DefaultActions": REDIRECT}) == bare({**serves, "Protocol": "TLS"}) == []
    assert bare({**serves, "DefaultActions": [*REDIRECT, forward(API)]}) == SERVED
    assert bare(serves, plain_file()) == []
    assert bare(serves, plain_file(f"http://{HOST}:8080")) == SERVED
    assert bare(serves, plain_file(f"https://{HOST}:80")) == SERVED


def test_a_variable_that_asks_the_balancer_without_tls_is_an_address_of_the_file() -> None:
    def of(value: str) -> list[str]:
        plain = p.replace(HEALTHY.task_definitions[0].containers[0], plain={"UPSTREAM": value})
        state = p.replace(HEALTHY, task_definitions=(
            p.replace(HEALTHY.task_definitions[0], containers=(plain,)),))  # fmt: skip
        return bare({"Protocol": "HTTP", "Port": 80}, state=state)

    assert of(f"http://{BALANCER.dns_name}") == of(f"HTTP://{BALANCER.dns_name.upper()}/x") == []
    assert of(f"https://{BALANCER.dns_name}") == of("http://other") == SERVED
    assert of(f"http://{BALANCER.dns_name}:8080") == of(f"http://{BALANCER.dns_name}:x") == SERVED


def test_a_rule_without_tls_forwards_only_where_another_one_does_so_now() -> None:
    def found(
        wanted: list[Json], now: list[Json], *rules: Any, home: Any = PLAIN, file: Any = ENVIRONMENT
    ) -> list[str]:
        there = p.replace(BALANCER, listeners=(p.replace(PLAIN, rules=rules), SECURE))
        return list(listeners.plain_rule(case(environment=file), there, home, wanted, now))

    assert found([forward(API)], []) == SERVED
    assert found([forward(API)], [], *PLAIN.rules) == SERVED
    assert found([forward(API)], [forward(API)]) == found([forward(API)], [], DEFAULT) == []
    assert found([*REDIRECT, forward(API)], []) == SERVED
    assert found(REDIRECT, []) == found([forward(API)], [], home=None) == []
    assert found([forward(API)], [], home=SECURE) == []
    assert found([forward(API)], [], file=plain_file()) == []
    assert list(listeners.plain_rule(case(), None, PLAIN, [forward(API)], [])) == SERVED


def test_clients_that_show_a_certificate_go_on_to_do_so() -> None:
    def found(now: Json, wanted: Json | None) -> list[str]:
        return list(listeners.mutual(p.replace(SECURE, mutual_authentication=now), wanted))

    said = ["only the past tells that clients showed no certificate, which they do now"]
    assert found({"Mode": "verify"}, {"Mode": "off"}) == found({"Mode": "verify"}, {}) == said
    assert found({"Mode": "verify"}, {"Mode": "verify"}) == found({"Mode": "verify"}, None) == []
    assert found({"Mode": "passthrough"}, {"Mode": "off"}) == found({}, {"Mode": "off"}) == []


def test_the_platform_of_these_tests_is_confirmed_as_it_is() -> None:
    assert platform(*SECURE.rules).load_balancers[1].listeners[1] == SECURE
