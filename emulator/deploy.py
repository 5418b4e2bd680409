"""Deploy a synthesized cloud assembly to a running emulator without the CDK's command line.

Usage: python -m emulator.deploy CDK_OUT STACK --state FILE [--parameter NAME=VALUE]...
Prints the stack's outputs as JSON. Exit 0 deployed, 1 the deployment failed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.settings import ACCOUNT

# what `cdk bootstrap` leaves in an account
BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = "28"
MAX_TEMPLATE_BYTES = 51_200
"""CloudFormation's limit for a template in the request itself (user guide, "Quotas")."""
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
# the earliest time that a zip knows, so that the same files give the same zip
_EPOCH = (1980, 1, 1, 0, 0, 0)


class UsageError(Exception):
    """Wrong use; the message is one line."""


def deploy(
    folder: Path, stack: str, endpoint: Endpoint, parameters: dict[str, str] | None = None
) -> dict[str, str]:
    """Upload a stack's assets, make or change the stack, and return its outputs.

    Raises UsageError for an assembly that has no such stack, ClientError if AWS refuses.
    """
    template = _find(folder, stack)
    manifest = json.loads(_sibling(template, stack, "assets").read_text())
    _bootstrap(endpoint)
    url = ""
    for asset in manifest.get("files", {}).values():
        for destination in asset["destinations"].values():
            where = _upload(endpoint, folder, asset["source"], destination)
            if folder / asset["source"]["path"] == template:
                url = where
    return _put_stack(endpoint, stack, template.read_text(), url, parameters or {})


def _find(folder: Path, stack: str) -> Path:
    """Return a stack's template, found by the artifact's id or the stack's name."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise UsageError(f"{folder} is no cloud assembly: it has no manifest.json")
    artifacts = json.loads(manifest.read_text()).get("artifacts", {})
    stacks = {k: v for k, v in artifacts.items() if v.get("type") == "aws:cloudformation:stack"}
    for name, artifact in stacks.items():
        properties = artifact.get("properties", {})
        if stack in (name, properties.get("stackName")):
            return folder / str(properties["templateFile"])
    raise UsageError(f"{folder} has no stack {stack}; it has: {', '.join(sorted(stacks))}")


def _sibling(template: Path, stack: str, kind: str) -> Path:
    path = template.with_name(template.name.replace(".template.json", f".{kind}.json"))
    if not path.is_file():
        raise UsageError(f"the {kind} of stack {stack} are missing: {path.name}")
    return path


def _bootstrap(endpoint: Endpoint) -> None:
    endpoint.client("ssm").put_parameter(
        Name=BOOTSTRAP_PARAMETER, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )


def _upload(
    endpoint: Endpoint, folder: Path, source: dict[str, str], destination: dict[str, str]
) -> str:
    s3 = endpoint.client("s3")
    bucket = _filled(destination["bucketName"], endpoint)
    key = _filled(destination["objectKey"], endpoint)
    if not _exists(s3, bucket):
        where = {"LocationConstraint": endpoint.region}
        options = {} if endpoint.region == "us-east-1" else {"CreateBucketConfiguration": where}
        s3.create_bucket(Bucket=bucket, **options)
    path = folder / source["path"]
    body = zip_folder(path) if source.get("packaging") == "zip" else path.read_bytes()
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    # moto reads a template back by this form of address alone
    return f"https://s3.{endpoint.region}.amazonaws.com/{bucket}/{key}"


def _exists(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        return False
    return True


def zip_folder(folder: Path) -> bytes:
    """Return a folder as a zip whose bytes depend only on the files' names and contents."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (path.stat().st_mode & 0xFFFF) << 16
            archive.writestr(entry, path.read_bytes())
    return out.getvalue()


def _filled(text: str, endpoint: Endpoint) -> str:
    for name, value in (
        ("AccountId", ACCOUNT),
        ("Region", endpoint.region),
        ("Partition", "aws"),
    ):
        text = text.replace(f"${{AWS::{name}}}", value)
    return text


def _put_stack(
    endpoint: Endpoint, stack: str, template: str, url: str, parameters: dict[str, str]
) -> dict[str, str]:
    client = endpoint.client("cloudformation")
    large = len(template.encode()) > MAX_TEMPLATE_BYTES
    request: dict[str, Any] = {
        "StackName": stack,
        "Capabilities": _CAPABILITIES,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        **({"TemplateURL": url} if large and url else {"TemplateBody": template}),
    }
    if _stack_exists(client, stack):
        client.update_stack(**request)
    else:
        client.create_stack(**request)
    [shown] = client.describe_stacks(StackName=stack)["Stacks"]
    if not shown["StackStatus"].endswith("_COMPLETE") or "ROLLBACK" in shown["StackStatus"]:
        raise UsageError(f"stack {stack} is {shown['StackStatus']}")
    return {output["OutputKey"]: output["OutputValue"] for output in shown.get("Outputs", [])}


def _stack_exists(client: Any, stack: str) -> bool:
    try:
        client.describe_stacks(StackName=stack)
    except ClientError:
        return False
    return True


def main(arguments: list[str] | None = None) -> int:
    """Return the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m emulator.deploy", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="CDK_OUT")
    parser.add_argument("stack", metavar="STACK")
    parser.add_argument("--state", type=Path, required=True, help="the account's state file")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args(arguments)
    try:
        state = json.loads(given.state.read_text())
        endpoint = Endpoint(url=state["aws_endpoint_url"], region=state["region"])
        parameters = dict(pair.split("=", 1) for pair in given.parameter)
        outputs = deploy(given.folder, given.stack, endpoint, parameters)
    except (OSError, ValueError, KeyError, UsageError) as error:
        print(f"cannot deploy: {error}", file=sys.stderr)
        return 2
    except ClientError as error:
        print(f"deployment failed: {error}", file=sys.stderr)
        return 1
    print(json.dumps(outputs, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
