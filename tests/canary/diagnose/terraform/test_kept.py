"""Every argument and block of a fix is written as it is kept, and what has no row is refused.

`python -m tests.canary.support.terraform.kept` writes the texts anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit, Later
from canary.diagnose.terraform.draft import Draft, Resource
from canary.diagnose.terraform.hcl import Argument, Block, NotWholeError, identifier, written
from canary.diagnose.terraform.shapes import Shape, argument, body, flag
from canary.diagnose.terraform.write import text
from tests.canary.support import platforms as p
from tests.canary.support.terraform import kept
from tests.canary.support.terraform.kept import (
    ACTIONS,
    BALANCER,
    CASE,
    CONDITIONS,
    CONFIG,
    GROUP,
    LISTENER,
    NEW,
    PEERS,
    RULE,
    SECURE,
    SERVICE,
    SPOT,
    STATE,
    TRANSFORMS,
    changed,
    created,
    edit,
    forward,
)


@pytest.mark.parametrize("name", kept.KEPT)
def test_a_fix_is_written_as_it_is_kept(name: str) -> None:
    found = text(CASE, kept.KEPT[name])
    assert found.splitlines() == kept.path(name).read_text("utf-8").splitlines()


def test_no_text_outlives_its_fix() -> None:
    assert {f.stem for f in kept.FOLDER.iterdir()} == {*kept.KEPT}


def rule(**more: Any) -> Edit:
    return created(1, ACTIONS[2:], **more)


def listener(**more: Any) -> Edit:
    return edit("elbv2", "create-listener", {**LISTENER, **more}, resource="b")


def service(**more: Any) -> Edit:
    return edit("ecs", "create-service", {**CONFIG, **more})


def without(given: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in given.items() if k != key}


def permission(**given: Any) -> Edit:
    parameters = {"GroupId": "sg-auth", "IpPermissions": [{"IpProtocol": "tcp", **given}]}
    return edit("ec2", "authorize-security-group-ingress", parameters)


def attributes(**given: str) -> tuple[Edit, ...]:
    values = [{"Key": k.replace("__", "."), "Value": v} for k, v in given.items()]
    parameters = {"ListenerArn": NEW, "Attributes": values}
    return listener(), edit("elbv2", "modify-listener-attributes", parameters)


def discovery(**given: Any) -> Edit:
    records = {"DnsRecords": [{"Type": "A", "TTL": 60}]}
    known = {"Name": "auth", "NamespaceId": "ns-1", "DnsConfig": records}
    return edit("servicediscovery", "create-service", {**known, **given})


ENTRY = {"targetGroupArn": "a", "containerName": "c", "containerPort": 1}
ADVANCED = {"alternateTargetGroupArn": "b", "productionListenerRule": "r", "roleArn": "i"}
PORTS = {"FromPort": 1, "ToPort": 2, "IpRanges": PEERS["IpRanges"]}


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (rule(Conditions=CONDITIONS[:1]), rule(Conditions=[{"NewConfig": {"V": 1}}])),
        (rule(), rule(Conditions=[{**CONDITIONS[0], **CONDITIONS[1]}])),
        (rule(Conditions=CONDITIONS[5:]), rule(Conditions=[{**CONDITIONS[0], **CONDITIONS[5]}])),
        (rule(), rule(Conditions=[{"Field": "host-header"}])),
        (rule(Transforms=TRANSFORMS), rule(Transforms=[{**TRANSFORMS[0], **TRANSFORMS[1]}])),
        (rule(), rule(Transforms=[{"Type": "x"}])),
        (rule(), rule(Transforms=[{**TRANSFORMS[0], "More": 1}])),
        (rule(), created(1, [{"Type": "authenticate-oidc", "AuthenticateOidcConfig": {"a": 1}}])),
        (rule(), created(1, [{"Type": "f", "FixedResponseConfig": {"StatusCode": "4"}}])),
        (rule(), created(1, [{"Type": "redirect", "RedirectConfig": {"Port": "1"}}])),
        (rule(), created(1, [{"Type": "jwt-validation", "JwtValidationConfig": {"Issuer": "i"}}])),
        (rule(), created(1, forward({"TargetGroupArn": "a"}, {"Weight": 1}))),
        (created(104, ACTIONS[2:]), created(105, ACTIONS[2:])),
        (listener(), listener(Protocol="TLS")),
        (listener(Protocol="HTTP"), listener(Protocol="TCP")),
        (listener(AlpnPolicy=[]), listener(AlpnPolicy=["HTTP2Only"])),
        (listener(), listener(New="x")),
        (listener(), listener(LoadBalancerArn="arn:unread")),
        (attributes(), attributes(new__name="x")),
        (attributes(routing__http__response__server__enabled="false"),
         attributes(routing__http__response__server__enabled="yes")),
        (service(), service(taskDefinition="")),
        (service(), service(serviceName="")),
        (service(), service(networkConfiguration={"other": {}, "awsvpcConfiguration": {}})),
        (service(), service(loadBalancers=[{"targetGroupArn": "a", "containerPort": 1}])),
        (service(), service(loadBalancers=[{"containerName": "a"}])),
        (service(), service(loadBalancers=[{**ENTRY, "containerName": ""}])),
        *((service(loadBalancers=[{**ENTRY, "advancedConfiguration": ADVANCED}]),
           service(loadBalancers=[{**ENTRY, "advancedConfiguration": without(ADVANCED, key)}]))
          for key in ADVANCED),
        (service(), service(networkConfiguration={"awsvpcConfiguration": {
            "subnets": [], "securityGroups": ["sg-1"]}})),
        (service(capacityProviderStrategy=[{"capacityProvider": "FARGATE"}]),
         service(capacityProviderStrategy=[{"weight": 1}])),
        (service(), service(serviceRegistries=[{"port": 1}])),
        (service(), service(new={"a": 1})),
        (changed("ecs", "update-service", SERVICE.arn, desiredCount=3),
         changed("ecs", "update-service", SERVICE.arn, capacityProviderStrategy=SPOT)),
        (permission(**PORTS), permission(**without(PORTS, "FromPort"))),
        (permission(**PORTS), permission(**without(PORTS, "ToPort"))),
        (permission(**PORTS), permission(**without(PORTS, "IpRanges"))),
        (permission(**PORTS), permission(**PORTS, UserIdGroupPairs=[{"UserId": "123456789012"}])),
        (permission(**PORTS), permission(**PORTS, UserIdGroupPairs=[
            {"GroupId": "sg-2", "VpcPeeringConnectionId": "pcx-1"}])),
        (edit("logs", "create-log-group", {"logGroupName": "x"}),
         edit("ssm", "put-parameter", {"Name": "x"})),
        *((discovery(), discovery(**bad)) for bad in (
            {"Name": None}, {"NamespaceId": None}, {"DnsConfig": {"DnsRecords": []}},
            {"DnsConfig": {"DnsRecords": [{"Type": "A"}]}},
            {"DnsConfig": {"DnsRecords": [{"TTL": 1}]}}, {"New": "x"},
        )),
        (changed("elbv2", "modify-rule", RULE.arn, Conditions=CONDITIONS[:1]),
         changed("elbv2", "modify-rule", SECURE.rules[-1].arn, Conditions=CONDITIONS[:1])),
        (changed("elbv2", "modify-listener", SECURE.arn, Port=444),
         changed("elbv2", "modify-listener", SECURE.arn, Port=443)),
        (changed("elbv2", "modify-listener", SECURE.arn, Port=444),
         changed("elbv2", "modify-listener", "arn:unread", Port=444)),
    ],
)  # fmt: skip
def test_a_part_that_has_no_row_leaves_no_text(
    good: Edit | tuple[Edit, ...], bad: Edit | tuple[Edit, ...]
) -> None:
    first, second = (e if isinstance(e, tuple) else (e,) for e in (good, bad))
    assert text(CASE, first) != ""
    assert text(CASE, second) == ""


def of(**parts: Any) -> Case:
    return Case(results=(), state=p.replace(STATE, **parts), environment=CASE.environment,
                previous=None, now=p.NOW)  # fmt: skip


BALANCER_EDIT = changed("elbv2", "set-security-groups", BALANCER.arn, SecurityGroups=["sg-1"])
GROUP_EDIT = changed("elbv2", "modify-target-group", GROUP.arn, HealthCheckPath="/new")


def balancer(**values: str) -> str:
    """Return the block of a balancer with one attribute more."""
    given = {k.replace("__", "."): v for k, v in values.items()}
    whole = p.replace(BALANCER, attributes={**BALANCER.attributes, **given})
    return text(of(load_balancers=(whole,)), (BALANCER_EDIT,))


def test_the_logs_of_a_balancer_need_a_bucket_only_where_they_are_written() -> None:
    logs = 'access_logs {\n    bucket  = "logs"\n    enabled = true\n    prefix  = "p"\n  }'
    assert logs in balancer()
    assert 'access_logs {\n    bucket  = "logs"\n    enabled = true\n  }' in balancer(
        access_logs__s3__prefix=""
    )
    assert balancer(access_logs__s3__bucket="") == ""
    quiet = balancer(access_logs__s3__bucket="", access_logs__s3__enabled="false")
    assert quiet != "" and "access_logs" not in quiet
    health = balancer(health_check_logs__s3__bucket="b", health_check_logs__s3__enabled="false")
    assert 'health_check_logs {\n    bucket  = "b"\n    enabled = false\n  }' in health
    assert balancer(health_check_logs__s3__enabled="maybe") == ""


def test_an_attribute_that_the_provider_does_not_set_is_left_out() -> None:
    assert balancer(ipv6__deny_all_igw_traffic="true") == balancer() != ""
    assert balancer(new__attribute="") == balancer()
    assert balancer(new__attribute="x") == ""


def group(**values: str) -> str:
    given = {k.replace("__", "."): v for k, v in values.items()}
    whole = p.replace(GROUP, attributes=given)
    return text(of(target_groups=(whole,)), (GROUP_EDIT,))


def test_an_attribute_of_a_listener_without_a_value_is_no_argument() -> None:
    name = "routing__http__response__x_frame_options__header_value"
    assert "x_frame_options" in text(CASE, attributes(**{name: "DENY"}))
    found = text(CASE, attributes(**{name: ""}))
    assert "aws_lb_listener" in found and "x_frame_options" not in found


def test_the_attributes_of_a_target_group_are_arguments_and_blocks() -> None:
    least = "minimum_healthy_targets"
    assert group(deregistration_delay__timeout_seconds="30") != ""
    sticky = group(
        stickiness__type="lb_cookie", stickiness__lb_cookie__duration_seconds="60",
        stickiness__app_cookie__duration_seconds="7", stickiness__app_cookie__cookie_name="no",
    )  # fmt: skip
    assert (
        'stickiness {\n    enabled         = false\n    type            = "lb_cookie"\n'
        '    cookie_duration = "60"\n  }'
    ) in sticky
    assert "stickiness" not in group(
        stickiness__enabled="true", deregistration_delay__timeout_seconds="1"
    )
    assert group(stickiness__type="lb_cookie", stickiness__enabled="maybe") == ""
    assert (
        "target_group_health {\n    dns_failover {\n"
        f'      {least}_count = "1"\n    }}\n\n    unhealthy_state_routing {{\n'
        f'      {least}_count      = "2"\n      {least}_percentage = "off"\n    }}\n  }}'
    ) in group(**{
        f"target_group_health__dns_failover__{least}__count": "1",
        f"target_group_health__unhealthy_state_routing__{least}__count": "2",
        f"target_group_health__unhealthy_state_routing__{least}__percentage": "off",
    })  # fmt: skip
    assert group(target_control_port="1", new="") != ""
    assert group(target_control_port="1", new="x") == ""


@pytest.mark.parametrize(
    "fields",
    [{"vpc_id": ""}, {"protocol": "TCP"}, {"target_type": "lambda"}, {"unread": ("attributes",)}],
)
def test_a_target_group_of_another_kind_has_no_block(fields: dict[str, Any]) -> None:
    assert text(CASE, (GROUP_EDIT,)) != ""
    assert text(of(target_groups=(p.replace(GROUP, **fields),)), (GROUP_EDIT,)) == ""
    other = p.replace(GROUP, target_type="instance", protocol="HTTPS")
    assert text(of(target_groups=(other,)), (GROUP_EDIT,)) != ""


@pytest.mark.parametrize("arn", ["arn:aws:ecs:us-east-1:1:service/web", "arn:x:service/c/other"])
def test_a_service_is_imported_by_its_cluster_and_its_own_name(arn: str) -> None:
    count = changed("ecs", "update-service", SERVICE.arn, desiredCount=3)
    assert text(CASE, (count,)) != ""
    assert text(of(ecs_services=(p.replace(SERVICE, arn=arn),)), (count,)) == ""
    assert text(of(ecs_services=()), (count,)) == ""


def test_the_owner_of_a_group_is_the_account_of_its_peers() -> None:
    def peers(owner: str, user: str) -> str:
        guards = tuple(p.replace(g, owner=owner) for g in STATE.security_groups)
        pair = {"GroupId": "sg-2", "UserId": user}
        wanted = permission(FromPort=1, ToPort=2, UserIdGroupPairs=[pair])
        return text(of(security_groups=guards), (wanted,))

    assert peers("", "123456789012") and peers("9", "9")
    assert peers("", "9") == peers("9", "123456789012") == ""


def test_a_region_that_is_none_and_several_typed_commands_are_told_in_the_head() -> None:
    def head(region: str, *edits: Edit) -> list[str]:
        file = p.replace(CASE.environment, region=region)
        made = edit("logs", "create-log-group", {"logGroupName": "x"})
        return text(replace(CASE, environment=file), (*edits, made)).splitlines()[:2]

    first = "# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6"
    said = "# Type command {} of the fix as well: no configuration holds that."
    typed = edit("elbv2", "delete-rule", {})
    assert head("eu-west-1") == [f"{first}, region eu-west-1.", ""]
    assert head("x\ny") == [f"{first}.", ""]
    assert head("", typed) == [f"{first}.", said.format("1")]
    assert head("", typed, typed)[1] == said.format("1 and 2")


# --- the parts themselves


def test_a_name_is_taken_once_by_each_kind() -> None:
    draft = Draft(CASE)
    for kind, name in (("a", "x"), ("a", "x_2"), ("a", "x_3"), ("b", "x"), ("b", "x_2")):
        assert draft.name(kind, "X") == name
        draft.add(Resource(type=kind, name=name, noun="n", body=[]))


def test_what_an_edit_makes_is_known_by_how_the_commands_find_it() -> None:
    later, other = (Later(service="s", operation=o, parameters={}, query="q") for o in "ab")
    draft, made = Draft(CASE), Resource(type="a", name="x", noun="n", body=[])
    draft.add(made, found_by=later)
    draft.add(Resource(type="a", name="y", noun="n", body=[]))
    assert draft.made(later) is made
    with pytest.raises(NotWholeError, match=r"^an identifier that only the shell finds$"):
        draft.made(other)
    known = draft.known({"k": [later, "t", (1, later)]})
    assert [x.text if hasattr(x, "text") else x for x in known["k"][:2]] == ["a.x.arn", "t"]
    assert known["k"][2][0] == 1 and known["k"][2][1].text == "a.x.arn"


def test_a_structure_is_refused_in_words() -> None:
    shape = Shape("box", {"A": "a", "B": "b"}, maps={"M": "m"}, needs=("A", "B"),
                  silent=frozenset({"S"}))  # fmt: skip
    whole = {"A": "", "B": 0, "M": {"k": 1}, "S": "x", "New": [], "Old": None}
    assert body(shape, whole) == [Argument("a", ""), Argument("b", 0), Argument("m", {"k": "1"})]
    for raw, words in (
        ({**whole, "Z": 1, "Y": 1}, "no argument is known for Y, Z"),
        ({"A": []}, "box needs A and B"),
        ({"A": 1, "B": None}, "box needs A and B"),
        ({"A": 1, "B": {}}, "box needs A and B"),
        ({"A": 1.5, "B": 1}, "float is no value of an argument"),
        ({"A": [None], "B": 1}, "NoneType is no value of an argument"),
    ):
        with pytest.raises(NotWholeError, match=f"^{words}$"):
            body(shape, raw)


def test_values_of_aws_become_values_of_terraform() -> None:
    assert argument("a", ("x", 1)) == Argument("a", ["x", 1])
    assert flag("true") is True and flag("false") is False
    with pytest.raises(NotWholeError, match=r"^'yes' is neither true nor false$"):
        flag("yes")


@pytest.mark.parametrize("name", ["a b", "1a", "A", "", "a-b"])
def test_a_name_that_is_none_is_not_written(name: str) -> None:
    for bad in (Block(name), Block("a", body=[Argument(name, 1)])):
        with pytest.raises(ValueError, match=f"^'{name}' is no name$"):
            written(bad)
    assert written(Block("a", ("x",), notes=("N.",))) == '# N.\na "x" {\n}\n'


def test_a_name_of_a_block_is_cut_without_an_underscore_at_its_end() -> None:
    assert identifier("a" * 59, "b") == "a" * 59
    assert identifier("a" * 60, "b") == "a" * 60
    assert identifier("--A--", "b__c", "-") == "a_b_c"
