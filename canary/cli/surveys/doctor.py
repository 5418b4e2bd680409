"""`doctor`: say what is wrong with a platform of which the canary has no file."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec

from canary.adapters.process import interruption
from canary.cli.options import EXIT, WrongUseError, as_json, one_row
from canary.cli.surveys.options import opened, survey_options, surveyed
from canary.control_plane.state import PlatformState
from canary.model import Check, Config, Diagnosis, Environment, Report, RunLimits
from canary.observe import refresh_failing
from canary.observe.edge.hosts import resolve
from canary.pipeline import run_once
from canary.plan import Selection
from canary.redaction.redactor import Redactor
from canary.runner import RunInterruptedError, RunRequest
from canary.survey.latent import latent
from canary.survey.policy import policy as smallest
from canary.survey.values import Note, Survey

SCHEMA = "hokusai-canary/doctor/1"
LIMITS = RunLimits(budget=30.0, cleanup_reserve=1.0, publish_reserve=1.0)
"""A balancer's own 504 for a silent target comes after ten seconds; the rest is for reading."""

HELP = """\
Say what is wrong with your service now: cause, evidence, fix.

Nothing is deployed and no file is needed. The doctor reads the control plane (ECS, load balancers,
security groups, Cloud Map, databases and caches; never the value of a secret), asks the addresses
that users have, and diagnoses what fails. It changes nothing: it prints fixes. It knows no key and
no past of the platform, so what only a key or a comparison shows stays unknown: see docs/doctor.md.

\b
Exit status:
  0  every check passed
  1  some check failed
  2  wrong usage, no credentials, or nothing of the name
  3  the canary could not judge some check
  129, 130, 143  interrupted by a signal; 141 the reader of stdout has gone

\b
Examples:
  python -m canary doctor --cluster prod --service checkout
  python -m canary doctor --cluster prod --url https://shop.example.com/checkout/
  python -m canary doctor --url https://shop.example.com --profile prod --region eu-west-1
  python -m canary doctor --cluster prod --policy > doctor-policy.json
  python -m canary doctor --cluster prod --json | jq .causes
"""


@click.command(help=HELP, short_help="Say what is wrong with a service, without a file of it.")
@survey_options
@click.option("--json", "as_document", is_flag=True, help="Print one JSON document on stdout.")
@click.option("--policy", is_flag=True, help="Print the smallest IAM policy, and do nothing else.")
@click.option("--quiet", "-q", is_flag=True, help="Print no progress and no guesses on stderr.")
def doctor(as_document: bool, policy: bool, quiet: bool, **given: Any) -> None:
    """Say what is wrong with a service, without a file of it."""
    if policy:
        click.echo(as_json(smallest(given["region"], given["cluster"])))
        return
    if not given["cluster"] and not given["urls"] and not quiet:
        click.echo("Neither --cluster nor --url: looking for the only cluster …", err=True)
    asked, clients = opened(given)
    found = surveyed(asked, clients)
    found, unreached = reachable(found)
    if not quiet:
        for line in described(found, unreached):
            click.echo(one_row(line), err=True)
    report = examined(found, clients, quiet)
    beside = () if report.diagnoses else unmet(found, clients)
    if as_document:
        click.echo(as_json(document(found, unreached, report, beside)))
    else:
        click.echo(whole(report).rstrip("\n"))
        for line in (*seen_beside(beside), *ends(found, unreached, report, beside)):
            click.echo(one_row(line))
    sys.exit(EXIT[report.run.status])


def reachable(found: Survey) -> tuple[Survey, tuple[Note, ...]]:
    """Return the survey without the checks of addresses that are private and not reached from here.

    A public address that does not answer is a fault, and stays.
    """
    gone: dict[str, str] = {}
    for name, service in found.environment.services.items():
        if service.url and not service.connect_to and (why := _private(found, service.url)):
            gone[name] = why
    notes = tuple(
        Note(key=f"services.{name}.url", text=f"{text}: the control plane alone is judged")
        for name, text in gone.items()
    )
    kept = tuple(c for c in found.checks if not (c.service in gone and _asks(c)))
    left = {c.id for c in kept}
    checks = tuple(
        msgspec.structs.replace(c, needs=tuple(n for n in c.needs if n in left)) for c in kept
    )
    return msgspec.structs.replace(found, checks=checks), notes


def _asks(check: Check) -> bool:
    return check.kind in ("endpoint", "certificate")


def _private(found: Survey, url: str) -> str:
    """Return why an address of an internal balancer is not reached from here, "" if it is."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    behind = next(
        (s.load_balancer for s in found.environment.services.values() if s.url == url), ""
    )
    balancer = next((b for b in found.balancers if b.name == behind), None)
    addresses, error, _ = resolve(host)
    inside = bool(addresses) and all(ipaddress.ip_address(a).is_private for a in addresses)
    if balancer is None or (balancer.scheme != "internal" and not inside):
        return ""
    if not addresses:
        return f"{host} is the name of an internal balancer, and has no address here ({error})"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return "" if _answers(host, port) else f"{host} is a private address, not reached from here"


def _answers(host: str, port: int) -> bool:
    import socket

    try:
        with socket.create_connection((host, port), timeout=3):
            return True
    except OSError:
        return False


def described(found: Survey, unreached: tuple[Note, ...]) -> list[str]:
    """Return what the doctor looks at, what it guesses, and what it does not know."""
    environment = found.environment
    lines = [f"{environment.region}, account {environment.account}, cluster {environment.cluster}:"]
    for name, service in environment.services.items():
        desired = found.desired.get(name)
        tasks = "" if desired is None else f", {desired} task{'' if desired == 1 else 's'} desired"
        what = service.ecs_service or service.instance or service.security_group
        lines.append(f"  {name}: {what}{tasks}" + (f", {service.url}" if service.url else ""))
    lines += [f"  not known: {n.key}: {n.text}" for n in found.notes if n.missing]
    lines += [f"  not asked: {n.text}" for n in unreached]
    lines += [f"  guessed: {n.key}: {n.text}" for n in found.notes if not n.missing]
    lines += [f"  could not be read: {u.action} ({u.code})" for u in found.unavailable]
    return [*lines, ""]


def examined(found: Survey, clients: Callable[[Environment], Any], quiet: bool) -> Report:
    """Run the checks once, in memory, and return the explained report."""
    from canary.cli.progress import RunDisplay
    from canary.wiring.run import make_ports, make_runtime

    where = msgspec.structs.replace(found.environment, run=LIMITS)
    config = Config(environment=where, checks=found.checks)
    request = RunRequest(selection=Selection(), trigger="doctor")
    interruption.left_behind = "nothing is left behind"
    with tempfile.TemporaryDirectory(prefix="canary-doctor-") as folder:
        runtime = make_runtime(config, folder, clients(where))
        ports = msgspec.structs.replace(make_ports(runtime), stoppable=interruption.stoppable)
        with RunDisplay(quiet=quiet) as display:
            try:
                return run_once(ports, config, request, on_progress=display.on_progress)
            except RunInterruptedError as stopped:
                raise WrongUseError(str(stopped)) from stopped


def whole(report: Report) -> str:
    """Return the whole summary: this report is kept nowhere, so nothing can be shown later."""
    from canary.report import terminal

    on_terminal = sys.stdout.isatty()
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return terminal.render(report, colour=on_terminal and not plain)


def unmet(found: Survey, clients: Callable[[Environment], Any]) -> tuple[Diagnosis, ...]:
    """Return what AWS shows to be wrong though nothing that was asked fails of it."""
    where = found.environment
    wanted = [name for name, service in where.services.items() if service.ecs_service]
    state = refresh_failing(clients(where), where, PlatformState(), wanted, Redactor().text)
    return latent(where, state, dt.datetime.now(dt.UTC))


def seen_beside(beside: tuple[Diagnosis, ...]) -> list[str]:
    """Return what AWS shows beside, as lines for people."""
    if not beside:
        return []
    lines = ["", "AWS shows this as well, though nothing that was asked fails of it:"]
    for one in beside:
        lines.append(f"  {one.cause} in {one.service}: {one.summary}")
        lines += [f"    seen: {e.resource}: {e.seen}" for e in one.evidence[:2]]
        lines += [f"    look: {command}" for command in one.remedy.inspect[:1]]
    return lines


def ends(
    found: Survey, unreached: tuple[Note, ...], report: Report, beside: tuple[Diagnosis, ...]
) -> list[str]:
    """Return the last lines: the causes by their ids, and what was not looked at."""
    named = ", ".join(d.cause for d in report.diagnoses)
    lines = ["", f"causes: {named or 'none'}"]
    lines += [f"beside: {', '.join(d.cause for d in beside)}"] if beside else []
    lines += [f"not asked: {n.text}" for n in unreached]
    lines += [f"not known: {n.key}: {n.text}" for n in found.notes if n.missing]
    return lines


def document(
    found: Survey, unreached: tuple[Note, ...], report: Report, beside: tuple[Diagnosis, ...]
) -> dict[str, Any]:
    """Return the JSON document: causes first, then what was found and the whole report."""
    return {
        "schema": SCHEMA,
        "status": report.run.status,
        "causes": report.diagnoses,
        "beside": beside,
        "unexplained": report.unexplained,
        "services": found.environment.services,
        "routes": found.environment.routes,
        "notes": found.notes,
        "not_asked": unreached,
        "unavailable": found.unavailable,
        "report": msgspec.structs.replace(report, platform=None),
    }
