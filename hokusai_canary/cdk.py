"""The canary as a construct for your own CDK app (needs the extra `deploy`).

    from hokusai_canary.cdk import Canary

    Canary(stack, "Canary", environment="canary/production.toml", vpc=vpc)

It makes what `make deploy` makes, inside your stack: function, schedule, alarms, dashboard, topics,
report bucket. The function's packages are fetched with pip while the app is synthesized.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# The rooms come first: they name Node to jsii, which starts with the first import of aws_cdk.
from hokusai_canary.rooms import PYTHON, Build, Given, bundle, fill

# isort: split
import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from canary.config import ConfigError, load
from canary.config.aws_limits import stack_problems
from canary.model import Config


class Canary(Construct):
    """The canary of one environment.

    Args:
        environment: the environment file.
        vpc: the VPC that the function lies in; without it the file's `[network]` names one.
        subnets: subnets of that VPC with a way to AWS; default: its private subnets.
        code: the function's code; default: the bundle, built for the file's architecture.

    Raises:
        ConfigError: the file is wrong, or lacks what a deployment needs; a line for each problem.
        ValueError: the stack is for another account or region than the file, or `subnets` are given
            without a VPC.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str | Path,
        vpc: ec2.IVpc | None = None,
        subnets: Sequence[ec2.ISubnet] = (),
        code: lam.Code | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        file = Path(environment)
        config = load(str(file))
        _check(self, file, config, vpc, subnets)
        given = Given(vpc=vpc, subnets=tuple(subnets or vpc.private_subnets)) if vpc else None
        architecture = config.environment.deployment.architecture
        if code is None:
            target = bundle.Target(architecture=architecture, python=PYTHON)
            code = lam.Code.from_asset(str(bundle.ensure(target, file)))
        made = fill(self, config, Build(code=code, architecture=architecture, python=PYTHON), given)
        self.function: lam.Function = made.function
        self.report_bucket: s3.IBucket = made.bucket
        self.page_topic: sns.Topic = made.topics.page
        self.ticket_topic: sns.Topic = made.topics.ticket
        self.dashboard_name: str = made.dashboard


def _check(
    scope: Construct,
    file: Path,
    config: Config,
    vpc: ec2.IVpc | None,
    subnets: Sequence[ec2.ISubnet],
) -> None:
    """Raise what is wrong before anything is made."""
    if subnets and vpc is None:
        raise ValueError("subnets: are given without their vpc")
    checked(file, config, own_network=vpc is None)
    stack = cdk.Stack.of(scope)
    for key, here in (("account", stack.account), ("region", stack.region)):
        named = getattr(config.environment, key)
        if not cdk.Token.is_unresolved(here) and here != named:
            raise ValueError(f"{file.name}: {key}: is {named}, the stack's is {here}")


def checked(file: Path, config: Config, *, own_network: bool) -> None:
    """Raise ConfigError for what a deployment lacks; the network may come from elsewhere."""
    lacking = [
        f"{file.name}: {problem}"
        for problem in stack_problems(config.environment)
        if own_network or not problem.startswith("network.")
    ]
    if lacking:
        raise ConfigError(lacking)
