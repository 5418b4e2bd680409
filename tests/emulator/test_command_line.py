"""The emulator's command line: an empty account, where it is, and what is left of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.emulator.support.running import account, typed


def clients(export: str) -> Any:
    """Return a maker of clients with the variables that the account printed."""
    given = dict(pair.split("=", 1) for pair in export.split()[1:])
    return lambda service: boto3.client(
        service,
        endpoint_url=given["AWS_ENDPOINT_URL"],
        region_name=given["AWS_DEFAULT_REGION"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.mark.slow
def test_an_account_is_empty_tells_its_place_and_leaves_nothing(tmp_path: Path) -> None:
    with account(tmp_path) as printed:
        ready, export, _ = printed.split("\n")
        state = json.loads((tmp_path / ".emulator" / "state.json").read_text())
        assert ready.startswith("emulator ready after ")
        assert typed("python -m emulator env", tmp_path).stdout.strip() == export
        assert typed("python -m emulator edge", tmp_path).stdout == ""
        refused = typed("python -m emulator up", tmp_path)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
        assert "already up" in refused.stderr
        client = clients(export)
        assert client("ecs").list_clusters()["clusterArns"] == []
        assert client("elbv2").describe_load_balancers()["LoadBalancers"] == []
        assert client("secretsmanager").list_secrets()["SecretList"] == []
        refuses_other_networks(client)
        says_what_is_not_there(tmp_path)
    assert not (tmp_path / ".emulator" / "state.json").exists()
    assert not Path(state["log_dir"]).parent.exists()


def refuses_other_networks(client: Any) -> None:
    """A VPC that this machine has no addresses for cannot hold a load balancer."""
    subnets = [s["SubnetId"] for s in client("ec2").describe_subnets()["Subnets"]]
    elbv2 = client("elbv2")
    with pytest.raises(elbv2.exceptions.ClientError, match=r"10\.0\.0\.0/16 alone"):
        elbv2.create_load_balancer(Name="elsewhere", Subnets=subnets[:2])


def says_what_is_not_there(folder: Path) -> None:
    done = typed("python -m emulator edge web --port 80 --wait 0", folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "emulator: load balancer 'web' has no listener on port 80\n"


@pytest.mark.parametrize("command", ["env", "edge", "edge web"])
def test_without_an_account_a_command_says_so_in_one_line(command: str, tmp_path: Path) -> None:
    done = typed(f"python -m emulator {command}", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is an emulator up?" in done.stderr
