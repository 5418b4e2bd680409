"""Rules that the template keeps: linted, nothing public, no star where a resource can be named."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from canary.alarms.plan import plan_alarms
from canary.deployment.permissions import INTERFACES
from canary.metrics.table import BY_NAME, NAMESPACE
from canary.model import Config
from tests.infra.conftest import DEVELOPMENT, ROOT, resources
from tests.infra.support.deployed import synthesize as run_app
from tests.infra.support.words import linted

# actions of ours that take no resource (Service Authorization Reference); acm:ListCertificates,
# ssm:DescribeParameters and the rest of the list answer for a whole account or not at all
NO_RESOURCE = re.compile(
    r"elasticloadbalancing:Describe\w+|ec2:Describe\w+|servicediscovery:List\w+|ecs:ListTasks"
    r"|ecs:DescribeTaskDefinition|ecs:ListTaskDefinitions|cloudwatch:GetMetricData"
    r"|ssm:DescribeParameters|acm:ListCertificates|cloudtrail:LookupEvents|rds:DescribeEvents|elasticache:DescribeEvents"
    r"|route53:ListHostedZonesByName|application-autoscaling:Describe\w+|xray:Put\w+"
)
PUBLISHED_BY_PIPELINES = {"DeployInProgress"}


def test_cfn_lint_finds_nothing(template: dict[str, Any], tmp_path: Path) -> None:
    assert linted(template, tmp_path) == (0, "")


@pytest.fixture(scope="module")
def side_by_side(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three environments, one of them for a platform that is not Hokusai."""
    folder = tmp_path_factory.mktemp("environments")
    text = DEVELOPMENT.read_text()
    (folder / "development.toml").write_text(text)
    (folder / "staging.toml").write_text(text.replace("development", "staging"))
    example = (ROOT / "docs" / "examples" / "any-mlflow.toml").read_text()
    (folder / "mlflow-team.toml").write_text(example)
    return folder


@pytest.mark.slow  # a process that synthesizes three environments
def test_every_environment_synthesizes_without_account_or_aws_call(
    side_by_side: Path, tmp_path: Path
) -> None:
    done = run_app(str(side_by_side), tmp_path / "cdk.out")
    assert done.returncode == 0, done.stderr
    stacks = {p.name for p in (tmp_path / "cdk.out").glob("*.template.json")}
    files = [p.stem for p in side_by_side.glob("*.toml")]
    assert stacks == {f"hokusai-canary-{name}.template.json" for name in files}
    for name in files:  # how each leaves, and what endpoints cost or would cost
        assert re.search(rf"^{name}: .*interface endpoints.* \d+ \$ a month", done.stderr, re.M)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["S1", "IAM5"])
def test_a_finding_without_a_reason_fails_the_synthesis(tmp_path: Path, rule: str) -> None:
    """The reasons of one rule are taken away, in a program that is like `app.py` else."""
    program = tmp_path / "app.py"
    program.write_text(
        "import infra.nag as nag\n"
        f"nag.ACCEPTED = {{k: {{r: t for r, t in v.items() if r != {rule!r}}}"
        " for k, v in nag.ACCEPTED.items()}\n"
        f"nag.STAR = {{}} if {rule!r} == 'IAM5' else nag.STAR\n"
        "from infra.app import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, str(program)],
        cwd=tmp_path,
        env={**{k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CDK_"))},
             "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert f"AwsSolutions-{rule}" in done.stdout + done.stderr


@pytest.mark.slow
def test_make_synth_leaves_the_templates_where_it_says(tmp_path: Path) -> None:
    """The CDK's command line gives a folder; without it a template once lay nowhere."""
    rule = re.search(r"^synth:.*?\n\t(.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert rule is not None and rule[1] == "$(PY) app.py"
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CDK_"))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cdk.out" / "hokusai-canary-development.template.json").is_file()


@pytest.mark.parametrize(
    ("line", "wrong", "says"),
    [
        ('cluster = "hokusai-development"', 'custer = "x"', "custer"),
        ('vpc_id = "vpc-0123456789abcdef0"', "", "network.vpc_id: is required to deploy"),
        *(
            pytest.param(*row, marks=pytest.mark.slow)  # a process each, and its imports
            for row in (
                ('account = "123456789012"', 'account = "12"', "account"),
                ("production = true", 'production = "yes"', "production"),
                ("[network]", "[network]\negres = 1", "egres"),
                (
                    "page = []",
                    'page = ["me@example.com"]',
                    "notify.page: me@example.com is neither",
                ),
            )
        ),
    ],
)
def test_a_wrong_environment_file_ends_the_synthesis_with_file_key_and_reason(
    tmp_path: Path, line: str, wrong: str, says: str
) -> None:
    text = DEVELOPMENT.read_text()
    assert line in text, line
    file = tmp_path / "broken.toml"
    file.write_text(text.replace(line, wrong, 1))
    done = run_app(str(file), tmp_path / "cdk.out")
    assert done.returncode == 2
    assert "broken.toml" in done.stderr and says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_two_files_of_one_name_end_the_synthesis(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(DEVELOPMENT.read_text())
    done = run_app(str(tmp_path), tmp_path / "cdk.out")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "b.toml: name: development is also the name in another file" in done.stderr


def test_a_folder_without_environments_ends_the_synthesis(tmp_path: Path) -> None:
    done = run_app(str(tmp_path), tmp_path / "cdk.out")
    assert done.returncode == 2 and "no environment file" in done.stderr


def statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in resources(template, "AWS::IAM::Policy").values():
        yield from policy["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_a_star_is_the_resource_of_such_actions_alone_that_know_none(
    template: dict[str, Any],
) -> None:
    for statement in statements(template):
        if "*" in listed(statement["Resource"]):
            named = set(listed(statement["Action"])) - set(INTERFACES)
            assert not [a for a in named if not NO_RESOURCE.fullmatch(a)], statement
            # what Lambda calls for itself is not ours to bound; the rest stays in its region
            assert statement.get("Condition") or not named, statement


def test_nothing_that_changes_the_platform_is_allowed(template: dict[str, Any]) -> None:
    allowed = {a for s in statements(template) for a in listed(s["Action"])} - set(INTERFACES)
    own = {"logs", "s3", "sns", "kms", "events", "sqs", "lambda", "xray", "states"}
    verbs = re.compile(r"[\w-]+:(Get|List|Describe|Filter|Lookup)\w+")
    assert not [a for a in allowed if a.split(":")[0] not in own and not verbs.fullmatch(a)]


def test_nothing_is_public(template: dict[str, Any]) -> None:
    for kind in ("AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"):
        for policy in resources(template, kind).values():
            for statement in policy["PolicyDocument"]["Statement"]:
                everyone = statement["Principal"] in ("*", {"AWS": "*"})
                assert not everyone or statement["Effect"] == "Deny"
    for group in resources(template, "AWS::EC2::SecurityGroup").values():
        assert not group.get("SecurityGroupIngress")
    kinds = {r["Type"] for r in template["Resources"].values()}
    assert not kinds & {"AWS::Lambda::Url", "AWS::ApiGateway::RestApi", "AWS::Lambda::Permission"}


def test_every_metric_that_an_alarm_reads_is_one_that_is_published(config: Config) -> None:
    for alarm in plan_alarms(config, "fn", 60).alarms:
        for series in alarm.series:
            if series.namespace == NAMESPACE and series.name not in PUBLISHED_BY_PIPELINES:
                assert set(BY_NAME[series.name].dimensions) == series.dimensions.keys(), alarm.name


def test_every_alarm_s_runbook_exists_with_its_heading(config: Config) -> None:
    plan = plan_alarms(config, "fn", 60)
    for text in [a.description for a in (*plan.alarms, *plan.composites)]:
        [(file, anchor)] = re.findall(r"Runbook: (docs/runbooks/[\w-]+\.md)#([\w-]+)", text)
        headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(), re.MULTILINE)
        assert anchor in [re.sub(r"[^\w]+", "-", h.lower()).strip("-") for h in headings], text
