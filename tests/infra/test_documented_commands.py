"""Every command of a document or of `--help` is carried out, on a twin with the stack deployed.

Names that a reader fills in are filled in; `development` is the twin's own environment.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house import documents
from tests.house.test_documents import COMMANDS, EXAMPLES
from tests.infra.support.deployed import ROOT, STACK, Deployed, deploy_to, until
from tests.sandbox.support.twin import RunningTwin

pytestmark = pytest.mark.slow

OPTION = re.compile(r" --environment (NAME|development)\b")
# the twin's environment is the one of the desk: with the option and without it is one command
TYPED = sorted(
    {OPTION.sub("", t): t for t in sorted({t for _, t in [*COMMANDS, *EXAMPLES]})}.values()
)
REMOVAL = [
    line
    for block in documents.blocks("sh")
    for line in block.text.splitlines()
    if re.search(r"delete-stack|stack-delete-complete|REPORT_BUCKET", line)
]
AWS = sorted(
    {
        line.strip()
        for page in documents.PAGES
        for line in documents.code(page)
        if re.match(r"(aws [a-z0-9-]+ [a-z-]+|aws --endpoint-url|curl )", line.strip())
        and line not in REMOVAL
    }
)
HIDDEN = sorted(
    {
        line.strip()
        for page in documents.PAGES
        for line in documents.code(page)
        if line.strip().startswith("IFS= read -rs ")
    }
)
NAMES = {  # what a reader fills in from the environment's file
    "hokusai-canary-NAME": STACK,
    "/hokusai/canary/NAME": "/hokusai/canary/development",
    "Name=Environment,Value=NAME": "Name=Environment,Value=development",
    "CLUSTER": "hokusai-development",
    "ECS_SERVICE": "hokusai-api-development",
    "TARGET_GROUP": "hokusai-reg-api-development",
}
TYPED_SECRET = "a value with $(id)"
ARNS = {  # ARN in a runbook stands for what its service's commands gave before
    "describe-target-health": "elbv2 describe-target-groups --query TargetGroups[0].TargetGroupArn",
    "describe-certificate": "acm list-certificates"
    " --query CertificateSummaryList[0].CertificateArn",
}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A folder from which a person types, with the twin's names."""

    folder: Path
    deployed: Deployed
    environment: dict[str, str]

    def type(self, line: str, after: str = "") -> subprocess.CompletedProcess[str]:
        """Carry a line out in a shell; `after` is what a person types next."""
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            input=after,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=170,
        )

    def canary(self, words: str, before: str = "") -> subprocess.CompletedProcess[str]:
        """Carry a documented command of the canary out, `before` it another program."""
        for name, value in self.names().items():
            words = re.sub(rf"(?<![\w./-]){re.escape(name)}(?![\w/-])", value, words)
        return self.type(f"{before}python -m canary {words}")

    def names(self) -> dict[str, str]:
        """Return what stands for the names of the documents."""
        store = self.folder / "out/development/store"
        runs = sorted(p.stem for p in (store / "runs").glob("*.json")) or ["none"]
        bucket = self.deployed.outputs["ReportBucket"]
        return {
            **self.survey_names(),
            "--environment NAME": f"--environment {self.deployed.twin.state.environment_file}",
            "--environment development": "--environment "
            f"{self.deployed.twin.state.environment_file}",
            "A B": f"{runs[0]} {runs[-1]}",
            "before.json after.json": " ".join(["out/development/report.json"] * 2),
            "20261122t120000250-1f260f": runs[0],
            "s3://bucket/canary": f"s3://{bucket}/canary",
        }

    def survey_names(self) -> dict[str, str]:
        """Return what stands for the names in examples of `doctor` and `init`."""
        state = self.deployed.twin.state
        tunnel = " ".join(
            f"--connect-to registry.hokus.ai:{port}:{address}"
            for port, address in state.edge["registry.hokus.ai"].items()
        )
        url = f"--ca-bundle {state.ca_bundle} {tunnel} --url https://registry.hokus.ai"
        return {
            "--profile prod --region eu-west-1": "",
            "--environment ./prod.toml": f"--environment {state.environment_file}",
            "--cluster prod": "--cluster hokusai-development",
            "--service checkout": "--service hokusai-api-development",
            "--url https://shop.example.com/checkout/": f"{url}/mlflow/",
            "--url https://shop.example.com": url,
        }


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    twin = RunningTwin(folder / ".sandbox" / "state.json")
    try:
        deployed = deploy_to(twin, folder / "cdk.out")
        shutil.copytree(ROOT / "canary" / "checks", folder / "canary" / "checks")
        shutil.copytree(ROOT / "docs" / "examples", folder / "docs" / "examples")
        binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        found = Desk(
            folder=folder,
            deployed=deployed,
            environment={
                **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
                "AWS_ACCESS_KEY_ID": twin.state.aws.access_key_id,
                "AWS_SECRET_ACCESS_KEY": twin.state.aws.secret_access_key,
                "AWS_DEFAULT_REGION": twin.state.region,
                "AWS_ENDPOINT_URL": twin.state.aws_endpoint_url,
                "AWS_PAGER": "",
                "CANARY_ENVIRONMENT": twin.state.environment_file,
                "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
                "PATH": binaries,
                "PYTHONPATH": str(ROOT),
            },
        )
        until(deployed.runs, 90, "the first scheduled run")
        first = found.canary("run --environment development --quiet")
        assert first.returncode == 0, first.stderr
        yield found
    finally:
        twin.stop()


@pytest.mark.parametrize("typed", TYPED)
def test_a_documented_command_works_as_it_stands(desk: Desk, typed: str) -> None:
    if typed.startswith("unmute "):  # each documented form of it ends a mute
        muted = typed.replace("unmute ", "mute ", 1)
        assert desk.canary(f'{muted} --for 1h --reason "to be ended"').returncode == 0
    if typed.startswith("serve "):  # it goes on until somebody ends it
        done = desk.canary(typed, "timeout 12 ")
        assert done.returncode == 124 and "Serving " in done.stderr, done.stderr[-1500:]
        return
    if typed.startswith("init "):  # an example before it may have written the same file
        typed = f"{typed} --force"
    done = desk.canary(typed)
    assert done.returncode == 0, f"{done.stdout[-500:]}\n{done.stderr[-1500:]}"
    assert done.stdout or ">" in typed
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("typed", AWS)
def test_a_documented_aws_command_works_as_it_stands(desk: Desk, typed: str) -> None:
    absent = [tool for tool in ("jq", "curl") if f"{tool} " in typed and not shutil.which(tool)]
    if absent:
        pytest.skip(f"this machine has no {absent[0]}")
    for verb, query in ARNS.items():
        if verb in typed:
            arn = desk.type(f"aws {query} --output text").stdout.strip()
            typed = typed.replace(" ARN", f" {arn}") if " ARN" in typed else typed
            if verb == "describe-certificate" and "--certificate-arn" not in typed:
                typed += f" --certificate-arn {arn}"
    # version 1 of the CLI asks SQS at an address of its own, whatever the variable says
    typed = typed.replace("aws sqs", 'aws --endpoint-url "$AWS_ENDPOINT_URL" sqs')
    typed = typed.replace("<report bucket>", desk.deployed.outputs["ReportBucket"])
    for name, value in NAMES.items():
        typed = re.sub(rf"{name}\b", value, typed)
    done = desk.type(typed)
    assert done.returncode == 0, f"{typed}\n{done.stdout[-500:]}\n{done.stderr[-1500:]}"


@pytest.mark.parametrize("typed", HIDDEN)
def test_a_secret_is_stored_as_documented(desk: Desk, typed: str) -> None:
    name = re.search(r"--(?:name|secret-id) (\S+)", typed)
    assert name
    # another documented command may have stored a secret of this name before
    desk.type(
        f"aws secretsmanager delete-secret --secret-id {name[1]} --force-delete-without-recovery"
    )
    kept = {"other": {"api_key": "kept"}}
    if "get-secret-value" in typed:  # it writes one entry of a secret that has others
        made = desk.type(
            f"aws secretsmanager create-secret --name {name[1]}"
            f" --secret-string '{json.dumps(kept)}'"
        )
        assert made.returncode == 0, made.stderr
    done = desk.type(typed, f"{TYPED_SECRET}\n")
    assert done.returncode == 0, done.stderr
    told = desk.type(
        f"aws secretsmanager get-secret-value --secret-id {name[1]} --query SecretString"
        " --output text"
    )
    stored = json.loads(told.stdout)
    if "get-secret-value" in typed:
        assert stored == {**kept, "PRINCIPAL": {"api_key": TYPED_SECRET}}
    else:
        assert [*stored.values()] == [TYPED_SECRET]


def test_the_job_summary_was_written(desk: Desk) -> None:
    command = next(t for t in TYPED if "GITHUB_STEP_SUMMARY" in t)
    assert desk.canary(command).returncode == 0
    assert (desk.folder / "summary.md").read_text().startswith("#")


def test_completion_offers_commands_and_check_ids(desk: Desk) -> None:
    said = desk.type(
        f'export PATH="{ROOT}/bin:$PATH"; eval "$(_CANARY_COMPLETE=bash_source canary)";'
        " COMP_WORDS='canary run --only registry.he' COMP_CWORD=3"
        " _CANARY_COMPLETE=bash_complete canary"
    )
    assert "plain,registry.health" in said.stdout.splitlines(), said.stderr


def test_a_wrong_name_is_not_taken_for_a_working_command(desk: Desk) -> None:
    assert desk.canary("show 20200101t000000-abcdef --environment development").returncode == 2


def test_the_state_of_the_twin_is_where_its_readme_says(desk: Desk) -> None:
    assert json.loads((desk.folder / ".sandbox" / "state.json").read_text())["edge"]


def test_after_the_removal_as_documented_nothing_is_left(desk: Desk) -> None:
    """Keep this test the last one: it takes the stack away."""
    twin, bucket = desk.deployed.twin, desk.deployed.outputs["ReportBucket"]
    for line in REMOVAL[:2]:
        done = desk.type(line.replace("NAME", "development"))
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    listed = twin.client("s3").list_object_versions(Bucket=bucket)
    assert listed["Versions"], "the reports outlive the stack"
    kept = {b["Name"] for b in twin.client("s3").list_buckets()["Buckets"]}
    empty, remove = (line.replace("REPORT_BUCKET", bucket) for line in REMOVAL[2:])
    while holds(twin, bucket):  # "repeat the first line while it deletes something"
        done = desk.type(empty)
        assert done.returncode == 0 and '"Errors"' not in done.stdout, f"{empty}\n{done.stderr}"
    done = desk.type(remove)
    assert done.returncode == 0, f"{remove}\n{done.stderr}"
    assert {b["Name"] for b in twin.client("s3").list_buckets()["Buckets"]} == kept - {bucket}
    assert leftovers(twin) == {}


def holds(twin: RunningTwin, bucket: str) -> bool:
    """Tell whether there is any version or delete marker in a bucket."""
    listed = twin.client("s3").list_object_versions(Bucket=bucket)
    return bool(listed.get("Versions") or listed.get("DeleteMarkers"))


def leftovers(twin: RunningTwin) -> dict[str, list[str]]:
    """Return what still carries the stack's name, by kind."""
    schedules = twin.client("scheduler").list_schedules()["Schedules"]
    alarms = twin.client("cloudwatch").describe_alarms(
        AlarmTypes=["MetricAlarm", "CompositeAlarm"], AlarmNamePrefix=STACK
    )
    found = {
        "functions": [
            f["FunctionName"] for f in twin.client("lambda").list_functions()["Functions"]
        ],
        "schedules": [s["Name"] for s in schedules],
        "alarms": [a["AlarmName"] for a in (*alarms["MetricAlarms"], *alarms["CompositeAlarms"])],
        "topics": [t["TopicArn"] for t in twin.client("sns").list_topics()["Topics"]],
        "queues": twin.client("sqs").list_queues().get("QueueUrls", []),
        "log groups": [
            g["logGroupName"] for g in twin.client("logs").describe_log_groups()["logGroups"]
        ],
        "roles": [r["RoleName"] for r in twin.client("iam").list_roles()["Roles"]],
        "dashboards": [
            d["DashboardName"]
            for d in twin.client("cloudwatch").list_dashboards()["DashboardEntries"]
        ],
    }
    ours = re.compile(rf"{STACK}|/hokusai/canary/")
    named = {kind: [n for n in names if ours.search(n)] for kind, names in found.items()}
    return {kind: names for kind, names in named.items() if names}
