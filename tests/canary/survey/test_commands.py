"""The command lines of `doctor` and `init`: what is refused, and in one sentence."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from canary import config
from canary.cli import main
from canary.cli.options import WrongUseError
from canary.cli.surveys.doctor import reachable
from canary.cli.surveys.init import written
from canary.cli.surveys.options import connections, url_of
from canary.control_plane.state import LoadBalancer
from canary.model import Environment, Network, RouteRule, Service
from canary.survey import checks
from canary.survey.policy import policy
from canary.survey.values import AskedUrl, Note, Survey
from tests.canary.survey import test_ways as platform

VARIABLES = (
    *("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ROLE_ARN"),
)
NOBODY = {**dict.fromkeys(VARIABLES), "AWS_EC2_METADATA_DISABLED": "true"}


def call(folder: Path, *words: str) -> Result:
    files = {"AWS_CONFIG_FILE": str(folder / "c"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "s")}
    return CliRunner(env=NOBODY | files).invoke(main, words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "say which region: --region, AWS_REGION, or one in the profile\n"),
        (("--region", "mars"), "--region: 'mars' is no region (such as us-east-1)\n"),
        (("--profile", "none"), "there is no AWS profile none (there are: none)\n"),
        (
            ("--region", "us-east-1"),
            "no AWS credentials were found: sign in (aws sso login, aws configure), or name a"
            " profile with --profile\n",
        ),
        (
            ("--region", "us-east-1", "--url", "ftp://x"),
            "--url: ftp://x is not a plain http(s) address\n",
        ),
        (
            ("--region", "us-east-1", "--connect-to", "a:b"),
            "--connect-to: a:b is not HOST:PORT:ADDRESS:PORT\n",
        ),
    ],
)
@pytest.mark.parametrize("command", ["doctor", "init"])
def test_what_cannot_be_asked_is_one_sentence_and_status_2(
    tmp_path: Path, command: str, words: tuple[str, ...], sentence: str
) -> None:
    done = call(tmp_path, command, "--cluster", "c", *words)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", sentence)
    assert list(tmp_path.iterdir()) == []


def test_the_smallest_policy_needs_no_credentials_and_no_value_of_a_secret(tmp_path: Path) -> None:
    done = call(tmp_path, "doctor", "--cluster", "prod", "--region", "eu-west-1", "--policy")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found == policy("eu-west-1", "prod")
    actions = {a for s in found["Statement"] for a in s["Action"]}
    assert {"ecs:ListServices", "rds:DescribeDBInstances", "logs:FilterLogEvents"} <= actions
    assert not any(a.endswith((":GetSecretValue", ":GetParameter", ":*")) for a in actions)
    verbs = {a.partition(":")[2] for a in actions}
    assert all(v.startswith(("Describe", "List", "Get", "Filter", "Lookup")) for v in verbs), verbs
    scoped = [s for s in found["Statement"] if s["Resource"] == "*"]
    assert all(s["Condition"] for s in scoped)


def test_an_address_is_taken_apart() -> None:
    assert url_of("https://Shop.Example/a/b?x=1") == AskedUrl(
        base="https://shop.example", host="shop.example", port=443, path="/a/b?x=1"
    )
    assert url_of("shop-web=http://10.0.0.1:8080/") == AskedUrl(
        base="http://10.0.0.1:8080", host="10.0.0.1", port=8080, path="/", service="shop-web"
    )
    assert url_of("shop.example").base == "https://shop.example"
    for wrong in ("https://user:x@shop.example", "https://", "https://shop.example:0", "a b"):
        with pytest.raises(WrongUseError):
            url_of(wrong)


def test_connections_are_by_host_and_port() -> None:
    assert connections(("A.example:443:127.0.0.1:8443", "a.example:80:[::1]:8080")) == {
        "a.example": {"443": "127.0.0.1:8443", "80": "[::1]:8080"}
    }


def survey_of(url: str, scheme: str = "internal", **service: object) -> Survey:
    own = Service(
        url=url, ecs_service="shop-web", load_balancer="front", target_groups=("web",),
        health_path="/health", **service,
    )  # type: ignore[arg-type]  # fmt: skip  # keys of one test
    where = Environment(
        name="prod", account="1" * 12, region="eu-west-1", cluster="prod", services={"web": own},
        routes=(RouteRule(path="/", service="web", host="shop.invalid"),),
        network=Network(vpc_id="vpc-1", subnets=("subnet-1",), availability_zones=("eu-west-1a",)),
    )  # fmt: skip
    balancer = LoadBalancer(
        arn=platform.BALANCER, name="front", dns_name="front.invalid", scheme=scheme,
        listeners=(platform.secure(platform.rule("default", "web")),),
    )  # fmt: skip
    made = checks.made(where, (platform.WEB,), (balancer,), ())
    return Survey(environment=where, checks=made, balancers=(balancer,), parts=(platform.WEB,))


def test_the_address_of_an_internal_balancer_that_is_not_known_here_is_not_asked() -> None:
    found, notes = reachable(survey_of("https://shop.invalid"))
    assert [c.id for c in found.checks] == ["web.tasks", "web.targets", "web.routing"]
    assert [n.key for n in notes] == ["services.web.url"]
    assert "internal balancer, and has no address here" in notes[0].text
    assert notes[0].text.endswith(": the control plane alone is judged")


def test_a_public_address_that_is_not_known_here_is_a_fault_and_is_asked() -> None:
    known = survey_of("https://shop.invalid", scheme="internet-facing")
    assert reachable(known) == (known, ())


def test_a_tunnel_to_an_internal_balancer_is_asked() -> None:
    known = survey_of("https://shop.invalid", connect_to={"443": "127.0.0.1:1"})
    assert reachable(known) == (known, ())


def test_the_files_that_are_written_are_valid_and_say_what_was_found(tmp_path: Path) -> None:
    known = survey_of("https://shop.invalid", discovery="web.prod.local", port=8080)
    notes = (
        Note(key="services.web.role", text='other: "nothing"\nshows = it'),
        Note(key="services.web.log_group", text="none is known", missing=True),
    )
    known = msgspec.structs.replace(known, notes=notes)
    file = tmp_path / "prod.toml"
    written(known, "prod", file, tmp_path / "prod-checks")
    assert config.problems_of(file) == []
    loaded = config.load(str(file))
    where = msgspec.structs.replace(known.environment, checks="./prod-checks")
    assert msgspec.structs.replace(loaded.environment, checks="./prod-checks") == where
    by_id = {c.id: c for c in known.checks}
    assert {c.id: (c.kind, c.spec, c.needs) for c in loaded.checks} == {
        i: (c.kind, c.spec, c.needs) for i, c in by_id.items()
    }
    text = file.read_text()
    assert '# - services.web.role: other: "nothing" shows = it' in text
    assert "# - services.web.log_group: none is known" in text
    assert tomllib.loads(text)["checks"] == "./prod-checks"
