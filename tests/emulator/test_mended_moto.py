"""Where moto is stricter or laxer than AWS, and the emulator mends it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin


def rules(twin: RunningTwin) -> list[dict[str, Any]]:
    elbv2 = twin.client("elbv2")
    balancer = elbv2.describe_load_balancers(Names=[names.REGISTRY_BALANCER])["LoadBalancers"][0]
    listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    arn = next(x["ListenerArn"] for x in listeners if x["Port"] == 443)
    found = elbv2.describe_rules(ListenerArn=arn)["Rules"]
    return [rule for rule in found if not rule["IsDefault"]]


def test_two_rules_change_places_in_one_call(healthy_twin: RunningTwin) -> None:
    first, second, *_ = rules(healthy_twin)
    swapped = [
        {"RuleArn": first["RuleArn"], "Priority": int(second["Priority"])},
        {"RuleArn": second["RuleArn"], "Priority": int(first["Priority"])},
    ]
    healthy_twin.client("elbv2").set_rule_priorities(RulePriorities=swapped)
    after = {r["RuleArn"]: r["Priority"] for r in rules(healthy_twin)}
    assert after[first["RuleArn"]] == second["Priority"]
    assert after[second["RuleArn"]] == first["Priority"]


def test_a_priority_that_another_rule_keeps_is_refused(twin: RunningTwin) -> None:
    first, second, *_ = rules(twin)
    with pytest.raises(ClientError, match="PriorityInUse"):
        twin.client("elbv2").set_rule_priorities(
            RulePriorities=[{"RuleArn": first["RuleArn"], "Priority": int(second["Priority"])}]
        )


def test_a_port_that_no_container_has_is_refused(twin: RunningTwin) -> None:
    ecs = twin.client("ecs")
    service = names.API_SERVICE
    (found,) = ecs.describe_services(cluster=names.CLUSTER, services=[service])["services"]
    wanted = [{**found["loadBalancers"][0], "containerPort": 9999}]
    with pytest.raises(ClientError, match="did not have a container port 9999 defined"):
        ecs.update_service(cluster=names.CLUSTER, service=service, loadBalancers=wanted)


def test_a_secret_has_the_value_that_its_current_label_was_moved_to(twin: RunningTwin) -> None:
    client, name = twin.client("secretsmanager"), names.REDIS_SECRET
    before = client.get_secret_value(SecretId=name)
    after = client.put_secret_value(SecretId=name, SecretString="another")["VersionId"]
    assert client.get_secret_value(SecretId=name)["SecretString"] == "another"
    client.update_secret_version_stage(
        SecretId=name,
        VersionStage="AWSCURRENT",
        MoveToVersionId=before["VersionId"],
        RemoveFromVersionId=after,
    )
    assert client.get_secret_value(SecretId=name)["SecretString"] == before["SecretString"]
    old = client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
    assert old["SecretString"] == "another"


def test_the_list_of_certificates_tells_their_names(healthy_twin: RunningTwin) -> None:
    acm = healthy_twin.client("acm")
    [one] = acm.list_certificates()["CertificateSummaryList"]
    whole = acm.describe_certificate(CertificateArn=one["CertificateArn"])["Certificate"]
    assert one["SubjectAlternativeNameSummaries"] == whole["SubjectAlternativeNames"]
    assert one["HasAdditionalSubjectAlternativeNames"] is False
