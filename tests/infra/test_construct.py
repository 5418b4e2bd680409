"""The canary in apps of others: as a construct, and as a template with parameters."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import hcl2
import pytest
from aws_cdk import assertions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lam

from canary.config import ConfigError
from hokusai_canary.cdk import Canary
from tests.infra.conftest import DEVELOPMENT, ROOT, resources

pytestmark = pytest.mark.slow
EXAMPLE = ROOT / "docs" / "examples" / "terraform" / "main.tf"
PARAMETERS = ["CodeBucket", "CodeKey", "SubnetIds", "VpcId"]


def foreign(account: str = "123456789012", region: str = "us-east-1") -> cdk.Stack:
    """Return a stack of an app that is not ours, with a VPC of its own."""
    return cdk.Stack(cdk.App(), "Platform", env=cdk.Environment(account=account, region=region))


def kinds(template: dict[str, Any]) -> Counter[str]:
    return Counter(r["Type"] for r in template["Resources"].values())


def environment(folder: Path, **network: object) -> Path:
    """Return a copy of the environment file, whose network is another or none."""
    text = re.sub(r"(?ms)^\[network\]\n.*?(?=^\[)", "", DEVELOPMENT.read_text())
    lines = [f"{key} = {json.dumps(value)}" for key, value in network.items()]
    path = folder / "shop.toml"
    path.write_text("\n".join([text, "[network]", *lines, ""]))
    return path


def test_a_foreign_app_gets_the_whole_canary_in_its_own_vpc(code: str, tmp_path: Path) -> None:
    stack = foreign()
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    before = kinds(assertions.Template.from_stack(stack).to_json())
    stack = foreign()
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    made = Canary(
        stack,
        "Canary",
        environment=environment(tmp_path),
        vpc=vpc,
        code=lam.Code.from_asset(code),
    )
    cdk.CfnOutput(stack, "Function", value=made.function.function_name)
    template: dict[str, Any] = assertions.Template.from_stack(stack).to_json()
    app = cdk.App()
    own = cdk.Stack(app, "Own", env=cdk.Environment(account="123456789012", region="us-east-1"))
    Canary(own, "Canary", environment=DEVELOPMENT, code=lam.Code.from_asset(code))
    assert kinds(template) - before == kinds(assertions.Template.from_stack(own).to_json())
    (function, *_) = [
        p
        for p in resources(template, "AWS::Lambda::Function").values()
        if p.get("FunctionName") == "hokusai-canary-development"
    ]
    subnets = {next(iter(ref.values())) for ref in function["VpcConfig"]["SubnetIds"]}
    private = {n for n in resources(template, "AWS::EC2::Subnet") if "Private" in n}
    assert subnets == private and len(private) == 2
    groups = resources(template, "AWS::EC2::SecurityGroup").values()
    (vpc_id,) = resources(template, "AWS::EC2::VPC")
    assert [g["VpcId"] for g in groups if "Canary of" in g["GroupDescription"]] == [{"Ref": vpc_id}]
    tagged = resources(template, "AWS::EC2::VPC")[vpc_id]["Tags"]
    assert "canary" not in {tag["Key"] for tag in tagged}  # what is not ours gets no tag


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"account": "999999999999"},
            "shop.toml: account: is 123456789012, the stack's is 999999999999",
        ),
        ({"region": "eu-west-1"}, "shop.toml: region: is us-east-1, the stack's is eu-west-1"),
    ],
)
def test_a_stack_of_another_account_or_region_is_refused(
    given: dict[str, str], told: str, code: str, tmp_path: Path
) -> None:
    stack = foreign(**given)
    file = environment(
        tmp_path,
        vpc_id="vpc-0123456789abcdef0",
        subnets=["subnet-0123456789abcdef1"],
        availability_zones=["us-east-1a"],
    )
    with pytest.raises(ValueError, match=re.escape(told)):
        Canary(stack, "Canary", environment=file, code=lam.Code.from_asset(code))


def test_without_a_vpc_the_file_must_name_one(code: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"shop\.toml: network\.vpc_id: is required to deploy"):
        Canary(
            foreign(), "Canary", environment=environment(tmp_path), code=lam.Code.from_asset(code)
        )


def test_subnets_need_their_vpc(code: str, tmp_path: Path) -> None:
    stack = foreign()
    subnet = ec2.Subnet.from_subnet_id(stack, "Subnet", "subnet-0123456789abcdef1")
    with pytest.raises(ValueError, match="subnets: are given without their vpc"):
        Canary(stack, "Canary", environment=DEVELOPMENT, subnets=[subnet])


def written(folder: Path, file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "hokusai_canary.template"),
            *("--environment", str(file), "--out", str(folder)),
        ],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=170,
    )


def test_the_template_for_others_is_that_of_the_stack_with_four_parameters(
    template: dict[str, Any], tmp_path: Path
) -> None:
    text = DEVELOPMENT.read_text().replace(
        'name = "development"', 'name = "development"\nprofile = "full"'
    )
    file = tmp_path / "development.toml"
    file.write_text(text)
    out = tmp_path / "out"
    done = written(out, file)
    assert done.returncode == 0, done.stderr
    place, code = (Path(line) for line in done.stdout.splitlines())
    assert sorted(out.iterdir()) == sorted([place, code])
    made = json.loads(place.read_text())
    assert sorted(made["Parameters"]) == PARAMETERS and "Rules" not in made
    assert made["Parameters"]["VpcId"]["Default"] == "vpc-0123456789abcdef0"
    assert made["Resources"].keys() == template["Resources"].keys()
    changed = {
        f"{name}.{key}"
        for name, resource in made["Resources"].items()
        for key, value in resource.get("Properties", {}).items()
        if value != template["Resources"][name].get("Properties", {}).get(key)
    }
    functions = {n for n, r in made["Resources"].items() if r["Type"] == "AWS::Lambda::Function"}
    (group,) = resources(made, "AWS::EC2::SecurityGroup")
    ours = {f"{n}.{key}" for n in functions for key in ("Code", "VpcConfig")}
    assert changed == {*ours, f"{group}.VpcId"}
    assert resources(made, "AWS::EC2::SecurityGroup")[group]["VpcId"] == {"Ref": "VpcId"}
    with zipfile.ZipFile(code) as archive:
        assert {"canary/handler.py", "canary/environments/development.toml"} <= {
            *archive.namelist()
        }


def test_a_wrong_file_is_told_by_file_and_key(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('name = "wrong"\n')
    done = written(tmp_path / "out", file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("wrong.toml: ") and "Traceback" not in done.stderr


def test_terraforms_example_names_the_parameters_of_the_template() -> None:
    with EXAMPLE.open(encoding="utf-8") as file:
        parsed = hcl2.load(file)
    stacks = [r for r in parsed["resource"] if "aws_cloudformation_stack" in str(r)]
    (stack,) = stacks
    text = json.dumps(stack)
    assert sorted(set(re.findall(r"\b(CodeBucket|CodeKey|SubnetIds|VpcId)\b", text))) == PARAMETERS
    assert "CAPABILITY_NAMED_IAM" in text and "template_url" in text
