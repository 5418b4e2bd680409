"""Write an environment's template and code, for those who deploy without the CDK.

    python -m hokusai_canary.template --environment FILE --out DIR

The template takes the place of the code and of the network as parameters, so that Terraform's
`aws_cloudformation_stack` or plain CloudFormation deploy it; it needs no bootstrap stack.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

# The rooms come first: they name Node to jsii, which starts with the first import of aws_cdk.
from hokusai_canary.rooms import PYTHON, Build, Given, bundle, fill, outputs, stack_name

# isort: split
import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lam

from canary.config import ConfigError, load
from canary.model import Config, Network
from hokusai_canary.cdk import checked
from hokusai_canary.zipped import zipped

SUBNETS = 2
"""Subnets that the template takes where the file names none."""


def template(config: Config) -> dict[str, object]:
    """Return the template of an environment, with parameters for its code and its network."""
    environment, network = config.environment, config.environment.network
    with tempfile.TemporaryDirectory(prefix="template-") as folder:
        flags = json.loads((bundle.ROOT / "cdk.json").read_text("utf-8"))["context"]
        app = cdk.App(context=flags, outdir=folder)
        stack = cdk.Stack(
            app,
            stack_name(environment),
            env=cdk.Environment(account=environment.account, region=environment.region),
            description=f"Synthetic canary of {environment.name}",
            synthesizer=cdk.BootstraplessSynthesizer(),
        )
        code = lam.Code.from_cfn_parameters(
            bucket_name_param=cdk.CfnParameter(
                stack, "CodeBucket", description="Bucket with the code, in this region"
            ),
            object_key_param=cdk.CfnParameter(
                stack, "CodeKey", description="Key of the code's zip in that bucket"
            ),
        )
        architecture = environment.deployment.architecture
        build = Build(code=code, architecture=architecture, python=PYTHON)
        outputs(stack, fill(stack, config, build, _network(stack, network)))
        app.synth()
        made: dict[str, object] = json.loads(Path(folder, stack.template_file).read_text("utf-8"))
        return made


def _network(stack: cdk.Stack, network: Network) -> Given:
    """Return the VPC and the subnets of parameters; what the file names is their default."""
    vpc_id = cdk.CfnParameter(
        stack,
        "VpcId",
        type="AWS::EC2::VPC::Id",
        default=network.vpc_id or None,
        description="VPC of the platform",
    )
    count = len(network.subnets) or SUBNETS
    subnet_ids = cdk.CfnParameter(
        stack,
        "SubnetIds",
        type="List<AWS::EC2::Subnet::Id>",
        default=",".join(network.subnets) or None,
        description=f"{count} private subnets of that VPC, with a way to AWS",
    )
    chosen = [cdk.Fn.select(number, subnet_ids.value_as_list) for number in range(count)]
    zones = list(network.availability_zones) or [
        cdk.Fn.select(n, cdk.Fn.get_azs()) for n in range(count)
    ]
    cdk.Annotations.of(stack).acknowledge_warning("@aws-cdk/aws-ec2:noSubnetRouteTableId")
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id=vpc_id.value_as_string,
        availability_zones=zones,
        private_subnet_ids=chosen,
    )
    return Given(vpc=vpc, subnets=tuple(vpc.private_subnets))


def code_of(folder: Path, out: Path, name: str) -> Path:
    """Zip a bundle; the file's name tells when its content changed."""
    made = zipped(folder, out / f"{name}.zip")
    digest = hashlib.sha256(made.read_bytes()).hexdigest()[:16]
    return made.rename(out / f"{name}-{digest}.zip")


def main(words: Sequence[str] | None = None) -> int:
    """Write both files and print their paths; 2 and a line for each problem of the file."""
    parser = argparse.ArgumentParser(prog="python -m hokusai_canary.template")
    parser.add_argument("--environment", required=True, type=Path, metavar="FILE")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    told = parser.parse_args(words)
    try:
        config = load(str(told.environment))
        checked(told.environment, config, own_network=False)
        deployment = config.environment.deployment
        target = bundle.Target(architecture=deployment.architecture, python=PYTHON)
        name = stack_name(config.environment)
        told.out.mkdir(parents=True, exist_ok=True)
        place = told.out / f"{name}.template.json"
        place.write_text(json.dumps(template(config), separators=(",", ":")), encoding="utf-8")
        code = code_of(bundle.ensure(target, told.environment), told.out, name)
    except (ConfigError, bundle.BundleError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(place)
    print(code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
