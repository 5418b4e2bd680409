"""Options and steps that `doctor` and `init` share: from the command line to a survey."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from canary.cli.options import WrongUseError
from canary.config.addresses import is_host, url_problem
from canary.config.aws_names import name_problems
from canary.model import Environment
from canary.model.urls import DEFAULT_PORTS
from canary.survey.survey import survey
from canary.survey.values import Asked, AskedUrl, Survey, SurveyError

F = TypeVar("F", bound=Callable[..., Any])
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
CONNECT = re.compile(
    r"(?P<host>[^:\s/]+):(?P<port>\d{1,5}):(?P<to>\[[0-9a-fA-F:.]+\]|[^:\s/]+):(?P<at>\d{1,5})"
)


def survey_options(command: F) -> F:
    """Add the options that say where to look and as whom."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option("--cluster", default="", metavar="NAME", help="The ECS cluster."),
    click.option(
        "--service",
        "services",
        multiple=True,
        metavar="NAME",
        help="An ECS service of it; again for more. Without one: all, if they are at most ten.",
    ),
    click.option(
        "--url",
        "urls",
        multiple=True,
        metavar="[SERVICE=]URL",
        help="An address that users have; a path in it must answer. Again for more.",
    ),
    click.option("--region", default="", metavar="REGION", help="The region of AWS."),
    click.option("--profile", default="", metavar="NAME", help="A profile of the AWS CLI."),
    click.option("--role-arn", default="", metavar="ARN", help="A role to act in."),
    click.option(
        "--ca-bundle",
        default="",
        type=click.Path(dir_okay=False),
        help="PEM file of the authority of the URLs' certificates, if it is a private one.",
    ),
    click.option(
        "--connect-to",
        multiple=True,
        metavar="HOST:PORT:ADDRESS:PORT",
        help="Connect to this address in place of the host's, as curl does: for a tunnel.",
    ),
    click.option(
        "--endpoint-url", default="", metavar="URL", help="The address of AWS: for an emulator."
    ),
)


def opened(given: dict[str, Any]) -> tuple[Asked, Callable[[Environment], Any]]:
    """Return what is asked, and a function that makes the clients of an environment."""
    from canary.adapters.aws.clients import Clients
    from canary.adapters.aws.session import SessionError, region_of
    from canary.adapters.aws.session import opened as session_of

    endpoint = given["endpoint_url"] or _emulated()
    try:
        session = session_of(given["profile"], given["role_arn"], given["region"], endpoint)
    except SessionError as error:
        raise WrongUseError(str(error)) from error
    region = given["region"] or region_of(session)
    if not region:
        raise WrongUseError("say which region: --region, AWS_REGION, or one in the profile")
    if not REGION.fullmatch(region):
        raise WrongUseError(f"--region: {region[:40]!a} is no region (such as us-east-1)")
    asked = Asked(
        region=region,
        cluster=given["cluster"],
        services=given["services"],
        urls=tuple(map(url_of, given["urls"])),
        connect_to=connections(given["connect_to"]),
        ca_bundle=given["ca_bundle"],
        aws_endpoint_url=endpoint,
    )
    return asked, lambda environment: Clients(environment, session=session)


def _emulated() -> str:
    import os

    return os.environ.get("AWS_ENDPOINT_URL", "")


def url_of(text: str) -> AskedUrl:
    """Return an address of `--url`, or end with exit status 2."""
    service, equals, url = text.partition("=")
    if not equals or "/" in service:
        service, url = "", text
    url = url if "://" in url else f"https://{url}"
    bare = url.partition("?")[0]
    if (wrong := url_problem(bare)) is not None:
        raise WrongUseError(f"--url: {text[:100]} is not a plain http(s) address{wrong}")
    parts = urlsplit(bare)
    host, scheme = (parts.hostname or "").lower(), parts.scheme.lower()
    port = parts.port or DEFAULT_PORTS[scheme]
    usual = DEFAULT_PORTS[scheme] == port
    query = url.partition("?")[2]
    return AskedUrl(
        base=f"{scheme}://{host}" + ("" if usual else f":{port}"),
        host=host,
        port=port,
        path=parts.path + (f"?{query}" if query else ""),
        service=service,
    )


def connections(texts: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return the addresses of `--connect-to` by host and port, or end with exit status 2."""
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        match = CONNECT.fullmatch(text)
        if match is None or not is_host(match["to"].strip("[]")):
            raise WrongUseError(f"--connect-to: {text[:100]} is not HOST:PORT:ADDRESS:PORT")
        host = found.setdefault(match["host"].lower(), {})
        host[match["port"]] = f"{match['to']}:{match['at']}"
    return found


def surveyed(asked: Asked, clients: Callable[[Environment], Any]) -> Survey:
    """Return the survey, or end with one sentence and exit status 2."""
    place = Environment(
        name="survey",
        account="000000000000",
        region=asked.region,
        cluster=asked.cluster,
        services={},
        aws_endpoint_url=asked.aws_endpoint_url,
    )
    try:
        found = survey(clients(place), asked)
    except SurveyError as error:
        raise WrongUseError(str(error)) from error
    wrong = list(name_problems(found.environment))
    if wrong:  # they would stand in commands that are printed
        raise WrongUseError("\n".join(f"AWS told a name that it cannot give: {w}" for w in wrong))
    return found
