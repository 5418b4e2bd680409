"""The stack of an environment: function, schedule, alarms, dashboard, topics, reports."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from canary.model import Config, Environment, names

from .parts import Build, Made, fill


def stack_name(environment: Environment) -> str:
    """Return the stack's name, which `make deploy ENV=` uses."""
    return names.own(environment.name)


class CanaryStack(cdk.Stack):
    """All AWS resources of one environment's canary."""

    def __init__(
        self,
        scope: Construct,
        config: Config,
        build: Build,
        synthesizer: cdk.IStackSynthesizer | None = None,
    ) -> None:
        environment = config.environment
        super().__init__(
            scope,
            stack_name(environment),
            env=cdk.Environment(account=environment.account, region=environment.region),
            description=f"Synthetic canary of {environment.name}",
            termination_protection=environment.deployment.production,
            synthesizer=synthesizer,
        )
        outputs(self, fill(self, config, build))


def outputs(stack: cdk.Stack, made: Made) -> None:
    """Give the stack its outputs, which commands and documents name."""
    board = made.dashboard
    url = f"https://{stack.region}.console.aws.amazon.com/cloudwatch/home#dashboards:name={board}"
    for name, value in {
        "FunctionName": made.function.function_name,
        "DashboardUrl": url,
        "ReportBucket": made.bucket.bucket_name,
        "PageTopic": made.topics.page.topic_arn,
        "TicketTopic": made.topics.ticket.topic_arn,
    }.items():
        cdk.CfnOutput(stack, name, value=value)
