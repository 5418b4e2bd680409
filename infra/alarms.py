"""Make the alarms that `canary.alarms` plans, as constructs of the CDK."""

from __future__ import annotations

import re

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cw
from constructs import Construct

from canary.alarms.composites import CompositePlan, Route
from canary.alarms.plan import AlarmPlan, Alarms
from canary.alarms.purposes import Missing

from .topics import Topics

LONGEST_WARM_UP = 2880  # minutes, PutMetricAlarm


def logical_id(key: str) -> str:
    """Return a logical id that depends only on the key, not on the order of checks."""
    return "Alarm" + "".join(part.title() for part in re.split(r"[^a-z0-9]+", key))


def alarm_constructs(scope: Construct, plan: Alarms, topics: Topics) -> dict[str, cw.CfnAlarm]:
    """Make every planned alarm and composite; return the metric alarms by name."""
    _distinct(plan)
    made = {a.name: _alarm(scope, a, topics) for a in plan.alarms}
    known: dict[str, cdk.CfnResource] = dict(made)
    for composite in plan.composites:
        known[composite.name] = _composite(scope, composite, topics, known)
    return made


def _distinct(plan: Alarms) -> None:
    """Raise ValueError if two keys make one name: AWS would keep only one of the alarms."""
    seen: dict[str, str] = {}
    keys = [(a.key, a.name) for a in plan.alarms] + [(c.key, c.name) for c in plan.composites]
    for key, name in keys:
        for made in (name, logical_id(key)):
            if made in seen:
                raise ValueError(f"{key}: id: makes {made}, as {seen[made]} does: rename it")
            seen[made] = key


def _composite(
    scope: Construct, plan: CompositePlan, topics: Topics, known: dict[str, cdk.CfnResource]
) -> cw.CfnCompositeAlarm:
    """Make a composite after the alarms in its rule."""
    target = {Route.PAGE: topics.page, Route.TICKET: topics.ticket}.get(plan.route)
    actions = [target.topic_arn] if target else None
    held = bool(plan.suppressor)
    made = cw.CfnCompositeAlarm(
        scope,
        logical_id(plan.key),
        alarm_name=plan.name,
        alarm_description=plan.description,
        alarm_rule=plan.rule,
        alarm_actions=actions,
        ok_actions=actions,
        # may delay, never cancel; `critical-failed-long` ends what holds the page back
        actions_suppressor=plan.suppressor or None,
        actions_suppressor_wait_period=plan.wait_s if held else None,
        actions_suppressor_extension_period=plan.extension_s if held else None,
    )
    for name in filter(None, (*plan.listens, plan.suppressor)):
        made.add_resource_dependency(known[name])
    return made


def _alarm(scope: Construct, plan: AlarmPlan, topics: Topics) -> cw.CfnAlarm:
    target = {Route.PAGE: topics.page, Route.TICKET: topics.ticket}.get(plan.route)
    actions = [target.topic_arn] if target else None
    alarm = cw.CfnAlarm(
        scope,
        logical_id(plan.key),
        alarm_name=plan.name,
        alarm_description=plan.description,
        comparison_operator=plan.comparison,
        threshold=plan.threshold,
        evaluation_periods=plan.periods,
        datapoints_to_alarm=plan.datapoints,
        treat_missing_data=plan.missing.value,
        alarm_actions=actions,
        ok_actions=actions,
        insufficient_data_actions=actions if plan.key == "heartbeat" else None,
    )
    if plan.missing is Missing.BREACHING:
        alarm.warm_up_configuration = _warm_up(plan)
    _read(alarm, plan)
    return alarm


def _warm_up(plan: AlarmPlan) -> cw.CfnAlarm.WarmUpConfigurationProperty:
    """Return how long a new alarm waits for its first data, whose absence is no fault yet.

    A canary that never runs is in ALARM after it. Neither moto nor cfn-lint knows what a warm-up
    does; AWS: "the alarm ends warm-up early. Evaluation begins as soon as enough data fills its
    evaluation window" (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-warm-up.html).
    """
    window = plan.period * (plan.periods + 1) // 60
    return cw.CfnAlarm.WarmUpConfigurationProperty(
        warm_up_period_duration_in_minutes=min(max(window, 10), LONGEST_WARM_UP)
    )


def _read(alarm: cw.CfnAlarm, plan: AlarmPlan) -> None:
    """Set the alarm's metric, or its expression over metrics."""
    if not plan.expression:
        series = plan.series[0]
        alarm.namespace, alarm.metric_name = series.namespace, series.name
        alarm.statistic, alarm.period = series.stat, plan.period
        alarm.dimensions = _dimensions(series.dimensions)
        return
    inputs = [
        cw.CfnAlarm.MetricDataQueryProperty(
            id=series.id,
            return_data=False,
            metric_stat=cw.CfnAlarm.MetricStatProperty(
                metric=cw.CfnAlarm.MetricProperty(
                    namespace=series.namespace,
                    metric_name=series.name,
                    dimensions=_dimensions(series.dimensions),
                ),
                period=plan.period,
                stat=series.stat,
            ),
        )
        for series in plan.series
    ]
    result = cw.CfnAlarm.MetricDataQueryProperty(
        id="result", expression=plan.expression, return_data=True
    )
    alarm.metrics = [*inputs, result]


def _dimensions(values: dict[str, str]) -> list[cdk.IResolvable | cw.CfnAlarm.DimensionProperty]:
    return [cw.CfnAlarm.DimensionProperty(name=k, value=v) for k, v in sorted(values.items())]
