"""Log events in the embedded metric format become metrics, or nothing at all."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from emulator.aws.endpoint import Endpoint
from emulator.metrics.emf import EmfError, extract
from emulator.metrics.store import metric
from tests.emulator.support.emulated import aws, function

__all__ = ["aws"]

NOW = 1_780_000_000.0


def document(**changes: Any) -> dict[str, Any]:
    directive = {
        "Namespace": "Canary",
        "Dimensions": [["environment", "check"]],
        "Metrics": [{"Name": "Failed", "Unit": "Count"}, {"Name": "Duration"}],
    }
    directive |= changes.pop("directive", {})
    meta = {"Timestamp": int(NOW * 1000), "CloudWatchMetrics": [directive]}
    values = {"environment": "dev", "check": "a.b", "Failed": [1.0, 0.0], "Duration": 12}
    return {"_aws": meta | changes.pop("meta", {}), **values, **changes}


def test_each_metric_exists_under_its_declared_dimension_sets_alone() -> None:
    data = extract(json.dumps(document()), NOW)
    dimensions = {"environment": "dev", "check": "a.b"}
    assert [d.metric for d in data] == [
        metric("Canary", "Failed", dimensions),
        metric("Canary", "Duration", dimensions),
    ]
    assert data[0].values == (1.0, 0.0) and data[0].unit == "Count" and data[0].at == NOW


def test_two_dimension_sets_make_two_metrics_of_one_value() -> None:
    sets = {"Dimensions": [["environment"], []]}
    data = extract(json.dumps(document(directive=sets)), NOW)
    assert [d.metric.dimensions for d in data[:2]] == [(("environment", "dev"),), ()]


@pytest.mark.parametrize(
    "text",
    [
        "a plain line",
        '{"level": "INFO", "message": "no metrics"}',
        "2026-01-01 " + json.dumps(document()),
        json.dumps({"message": json.dumps(document())}),
    ],
)
def test_what_is_no_document_yields_nothing(text: str) -> None:
    assert extract(text, NOW) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps(document(Failed=float("nan"))), "not one valid JSON object"),
        (json.dumps(document()) + " trailing", "not one valid JSON object"),
        (json.dumps(document(environment=None)), "dimension without a string at the root"),
        (json.dumps(document(Duration="12")), "metric without a number at the root: Duration"),
        (json.dumps(document(Failed=[1] * 101)), "more than 100 values"),
        (json.dumps(document(meta={"Timestamp": 1000})), "Timestamp is out of range"),
        (
            json.dumps(document(directive={"Metrics": [{"Name": f"m{i}"} for i in range(101)]})),
            "more than 100 metrics",
        ),
        (
            json.dumps(document(directive={"Dimensions": [[f"k{i}" for i in range(31)]]})),
            "more than 30 keys",
        ),
    ],
)
def test_a_document_that_breaks_a_rule_is_lost_whole(text: str, message: str) -> None:
    with pytest.raises(EmfError, match=message):
        extract(text, NOW)


def query(name: str, stat: str = "Sum", **dimensions: str) -> dict[str, Any]:
    listed = [{"Name": k, "Value": v} for k, v in dimensions.items()]
    which = {"Namespace": "Canary", "MetricName": name, "Dimensions": listed}
    return {"Id": name.lower(), "MetricStat": {"Metric": which, "Period": 60, "Stat": stat}}


def data(aws: Endpoint, *queries: dict[str, Any]) -> list[list[float]]:
    found = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries), StartTime=time.time() - 300, EndTime=time.time() + 60
    )
    return [result["Values"] for result in found["MetricDataResults"]]


def test_a_functions_printed_document_becomes_a_metric_and_a_bad_one_is_counted(
    aws: Endpoint,
) -> None:
    code = """
import json, time
def handler(event, context):
    meta = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [{
        "Namespace": "Canary", "Dimensions": [["env"]], "Metrics": [{"Name": "Runs"}]}]}
    print(json.dumps({"_aws": meta, "env": "dev", "Runs": [2, 3]}))
    print(json.dumps({"_aws": meta, "env": "dev", "Runs": float("nan")}))
"""
    function(aws, "measuring", code)
    aws.client("lambda").invoke(FunctionName="measuring")
    assert data(aws, query("Runs", env="dev")) == [[5.0]]
    assert data(aws, query("Runs", env="prod"), query("Runs")) == [[], []]
    errors = query("EMFParsingErrors", LogGroupName="/aws/lambda/measuring")
    errors["MetricStat"]["Metric"]["Namespace"] = "AWS/Logs"
    assert data(aws, errors) == [[1.0]]


def test_metric_data_knows_percentiles_math_and_namespaces(aws: Endpoint) -> None:
    cloudwatch = aws.client("cloudwatch")
    for namespace, values in (("Canary", [1.0, 2.0, 3.0]), ("Other", [1000.0])):
        cloudwatch.put_metric_data(
            Namespace=namespace, MetricData=[{"MetricName": "Wait", "Values": values}]
        )
    twice = {"Id": "twice", "Expression": "wait * 2", "Label": "double"}
    asked = {**query("Wait", "p50"), "ReturnData": False}
    assert data(aws, asked, twice) == [[4.0]]
    assert data(aws, query("Wait", "Maximum")) == [[3.0]]


def test_a_balancers_requests_become_its_metrics(aws: Endpoint) -> None:
    from emulator.metrics.access import BalancerMetrics

    balancer = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/reg/50dc"
    group = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/api/73e2"
    common = {"kind": "request", "balancer": balancer, "target_group": group, "target_ms": None}
    told = BalancerMetrics()
    answered = {"status": 503, "target_status": 503, "answered_by": "target", "target_ms": 20}
    told.record(common | answered)
    told.record(common | {"status": 502, "target_status": None, "answered_by": "balancer"})
    never = {"status": 504, "target_status": None, "answered_by": "balancer"}
    told.record(common | never | {"reason": "no connection to the target in time"})
    fixed = {"status": 404, "target_status": None, "answered_by": "fixed-response"}
    told.record(common | fixed | {"target_group": None})
    told.flush()

    def total(name: str, **dimensions: str) -> list[float]:
        asked = query(name, **dimensions)
        asked["MetricStat"]["Metric"]["Namespace"] = "AWS/ApplicationELB"
        return data(aws, asked)[0]

    whole = {"LoadBalancer": "app/reg/50dc"}
    part = {**whole, "TargetGroup": "targetgroup/api/73e2"}
    assert total("RequestCount", **whole) == [4.0] and total("RequestCount", **part) == [3.0]
    assert total("HTTPCode_Target_5XX_Count", **part) == [1.0]
    assert total("HTTPCode_ELB_5XX_Count", **whole) == [2.0]
    assert total("TargetConnectionErrorCount", **whole) == [1.0]
    assert total("TargetConnectionErrorCount", **part) == [1.0]
    assert total("HTTPCode_ELB_502_Count", **whole) == [1.0]
    assert total("HTTP_Fixed_Response_Count", **whole) == [1.0]
    assert total("HTTPCode_ELB_4XX_Count", **whole) == []
    assert total("TargetResponseTime", **part) == [0.02]
