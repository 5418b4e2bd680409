"""The dashboard of an environment, made from its alarms and metrics."""

from __future__ import annotations

from collections.abc import Iterator

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cw
from constructs import Construct

from canary.alarms.plan import Alarms
from canary.alarms.published import selection_of
from canary.metrics.profile import Selection
from canary.metrics.table import NAMESPACE
from canary.model import Config, Suite, names

from .alarms import logical_id

WIDGET_ALARMS = 100  # CloudWatch: "Dashboard body structure and syntax", alarm widget
MINUTE = Duration.minutes(1)
QUERY = (
    "fields @timestamp, run_id, status, failed, diagnoses"
    " | filter message = 'run finished' | sort @timestamp desc | limit 50"
)


def dashboard(
    scope: Construct, config: Config, plan: Alarms, alarms: dict[str, cw.CfnAlarm], log_group: str
) -> cw.Dashboard:
    """Make the dashboard: alarms first, then scores, then a row of checks for each suite."""
    name = config.environment.name
    board = cw.Dashboard(
        scope, "Dashboard", dashboard_name=names.dashboard(name, config.environment.region)
    )
    status = [
        cw.Alarm.from_alarm_arn(scope, f"On{logical_id(a.key)}", alarms[a.name].attr_arn)
        for a in plan.alarms
    ]
    for start in range(0, len(status), WIDGET_ALARMS):
        part = status[start : start + WIDGET_ALARMS]
        board.add_widgets(
            cw.AlarmStatusWidget(title=f"Alarms of {name}", alarms=part, width=24, height=6)
        )
    graphs = _of_runs(name, selection_of(config))
    board.add_widgets(*(_graph(title, metrics) for title, metrics in graphs))
    own = {a.check for a in plan.alarms if a.check}  # a dashboard draws 2,500 metrics at most
    for suite in Suite:
        checks = [c for c in config.checks if c.suite is suite and c.id in own]
        if checks:
            metrics = [_metric(name, "CheckFailed", Check=c.id) for c in checks]
            board.add_widgets(_graph(f"Failed: {suite.value}", metrics, width=24))
    board.add_widgets(
        cw.LogQueryWidget(
            title="What broke, and why",
            log_group_names=[log_group],
            query_string=QUERY,
            width=24,
        )
    )
    return board


def _of_runs(name: str, published: Selection) -> Iterator[tuple[str, list[cw.Metric]]]:
    """Yield the graphs of what a run counts, of the metrics that the profile publishes."""
    if published.has("Score"):
        yield "Scores (percent)", [_metric(name, "Score", Suite=s.value) for s in Suite]
    if published.has("SuiteDown"):
        yield "Checks down", [_metric(name, "SuiteDown", Suite=s.value) for s in Suite]
    for title, wanted in (
        ("Run", ("RunDuration", "RunCompleted")),
        ("The canary itself", ("ChecksErrored", "CleanupResidue", "StateLost")),
    ):
        if metrics := [_metric(name, m) for m in wanted if published.has(m)]:
            yield title, metrics


def _metric(environment: str, name: str, **dimensions: str) -> cw.Metric:
    return cw.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"Environment": environment, **dimensions},
        statistic="Maximum",
        period=MINUTE,
        label=dimensions.get("Check") or dimensions.get("Suite") or name,
    )


def _graph(title: str, metrics: list[cw.Metric], width: int = 8) -> cw.GraphWidget:
    return cw.GraphWidget(title=title, left=list(metrics), width=width, height=6)
