"""`registration`: a model goes all the way through the registry, and leaves nothing behind.

Speaks HTTP alone and never sends the registration event.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from canary.model import Check, Frozen, Status
from canary.probes.base.api import NotTriedError, Tools, told
from canary.probes.base.evidence import Stopwatch
from canary.probes.base.request import Form
from canary.probes.registration import cleanup as tidy
from canary.probes.registration import steps as do
from canary.probes.registration.client import Flow, Page, StepFailedError


class RegistrationSpec(Frozen, frozen=True, kw_only=True):
    """Where MLflow is behind the service, as whom to register, and what the platform requires.

    `with_run` False is the variant for high frequency: no run, no artifact, three requests, and no
    row left in any table (runs can be deleted over REST only softly).
    """

    principal: str = "valid"
    form: Form = "bearer"
    base: Annotated[str, msgspec.Meta(pattern="^(/.*[^/])?$")] = "/api/mlflow"
    with_run: bool = True
    tags: dict[str, str] = msgspec.field(
        default_factory=lambda: {
            "hokusai_token_id": "SYNTHETIC-CANARY",
            "benchmark_metric": "accuracy",
            "benchmark_value": "0.42",
        }
    )
    janitor_minutes: Annotated[float, msgspec.Meta(ge=0)] = 30
    janitor_limit: Annotated[int, msgspec.Meta(ge=0, le=100)] = 20


class FlowStep(Frozen, frozen=True, kw_only=True):
    """A named step: what carries it out, and which steps must have passed before."""

    name: str
    carry_out: Callable[[Page], None]
    needs: tuple[str, ...] = ()
    of_run: bool = False  # belongs to the variant with a run alone
    cleans: str = ""  # clean-up of what this name in `Flow.tried`, or a value of the flow, made
    requests: int = 1


STEPS: tuple[FlowStep, ...] = (
    FlowStep(name="local model", carry_out=do.local_model, requests=0),
    FlowStep(name="experiment", carry_out=do.experiment, of_run=True),
    FlowStep(name="run", carry_out=do.create_run, needs=("experiment",), of_run=True),
    FlowStep(name="parameters", carry_out=do.parameters, needs=("run",), of_run=True),
    FlowStep(name="metrics", carry_out=do.metrics, needs=("run",), of_run=True),
    FlowStep(
        name="tags",
        carry_out=do.run_tags,
        needs=("parameters", "metrics"),
        of_run=True,
        requests=2,
    ),
    FlowStep(
        name="artifact put",
        carry_out=do.put_artifacts,
        needs=("run", "local model"),
        of_run=True,
        requests=3,
    ),
    FlowStep(name="artifact get", carry_out=do.get_artifact, needs=("artifact put",), of_run=True),
    FlowStep(name="run finished", carry_out=do.finish_run, needs=("run",), of_run=True),
    FlowStep(name="registered model", carry_out=do.registered_model),
    FlowStep(name="model version", carry_out=do.model_version, needs=("registered model", "run")),
    FlowStep(name="read back", carry_out=do.read_back, needs=("model version",)),
    FlowStep(name="search", carry_out=do.search, needs=("model version",), requests=2),
    FlowStep(name="alias", carry_out=do.alias, needs=("model version",), requests=2),
    FlowStep(name="delete version", carry_out=tidy.delete_version, cleans="version"),
    FlowStep(name="delete model", carry_out=tidy.delete_model, cleans="model"),
    FlowStep(
        name="delete artifacts", carry_out=tidy.delete_artifacts, cleans="artifacts", of_run=True
    ),
    FlowStep(name="delete run", carry_out=tidy.delete_run, cleans="run_id", of_run=True),
    FlowStep(name="residue", carry_out=tidy.residue, cleans="anything", requests=5),
    FlowStep(name="janitor", carry_out=tidy.janitor, cleans="anything", requests=2),
)


def object_name(prefix: str, run_id: str, kind: str) -> str:
    """Return the name of what one check of this run makes; no name is the beginning of another."""
    return f"{prefix}{re.sub(r'[^A-Za-z0-9-]', '-', run_id)}-{kind}"


def steps_of(spec: RegistrationSpec) -> list[FlowStep]:
    """Return the steps of the variant."""
    return [s for s in STEPS if spec.with_run or not s.of_run]


def start(check: Check, spec: RegistrationSpec, tools: Tools) -> Flow:
    """Make the flow's beginning; raises CredentialMissingError before anything is sent."""
    tools.credential(spec.principal)
    kind = "full" if spec.with_run else "quick"
    return Flow(
        check=check,
        service=tools.service(check.service),
        tools=tools,
        base=spec.base,
        principal=spec.principal,
        form=spec.form,
        name=object_name(tools.environment.prefix, tools.run_id, kind),
        experiment=tools.environment.experiment,
        tags=spec.tags,
        nonce=secrets.token_bytes(64),
        with_run=spec.with_run,
        janitor_minutes=spec.janitor_minutes,
        janitor_limit=spec.janitor_limit,
    )


def blocked(step: FlowStep, flow: Flow, passed: set[str], planned: set[str]) -> str:
    """Return why a step cannot be carried out, or an empty string."""
    lost = [n for n in step.needs if n in planned and n not in passed]
    if lost:
        return f"needs {lost[0]}, which did not pass"
    if step.cleans == "anything" and not (flow.experiment_id or flow.tried):
        return "nothing was made"
    if step.cleans in ("version", "run_id") and not getattr(flow, step.cleans):
        return "nothing to remove"
    if step.cleans == "run_id" and "artifacts" in flow.tried and "delete artifacts" not in passed:
        # of a deleted run nobody would look for artifacts; alive, the janitor finds both
        return "needs delete artifacts, which did not pass"
    if step.cleans in ("model", "artifacts") and step.cleans not in flow.tried:
        return "nothing to remove"
    return ""


def carry_out(step: FlowStep, flow: Flow) -> Status:
    """Carry one step out, record it and return its status."""
    watch = Stopwatch(flow.tools)
    page = Page(flow=flow, cleanup=bool(step.cleans))
    status, reason = None, ""
    tried = set(flow.tried)
    try:
        step.carry_out(page)
    except StepFailedError:
        status = Status.FAIL
    except NotTriedError as error:
        status, reason = Status.SKIP, str(error)
        if not page.evidence:  # nothing was sent, so that nothing was made
            flow.tried = tried
    except Exception as error:  # noqa: BLE001 - whatever a step meets, what was made is removed
        status, reason = Status.ERROR, told(error)
    recorded = watch.step(
        step.name,
        page.assertions,
        status=status,
        reason=reason,
        evidence=page.evidence,
        facts=page.facts,
        always=bool(step.cleans),
    )
    flow.tools.record(recorded)
    return recorded.status


def run(check: Check, spec: RegistrationSpec, tools: Tools) -> None:
    """Carry the flow out; clean-up runs on whatever was made, however the flow ended."""
    flow = start(check, spec, tools)
    steps = steps_of(spec)
    planned = {s.name for s in steps}
    passed: set[str] = set()
    for step in steps:
        reason = blocked(step, flow, passed, planned)
        if reason:
            watch = Stopwatch(tools)
            skipped = watch.step(
                step.name, status=Status.SKIP, reason=reason, always=bool(step.cleans)
            )
            tools.record(skipped)
        elif carry_out(step, flow) is Status.PASS:
            passed.add(step.name)


def requests(spec: Any) -> int:
    """Return how many requests one run sends when all is well."""
    return sum(s.requests for s in steps_of(spec))
