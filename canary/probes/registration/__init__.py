"""`registration`: register a model through the registry, then remove every trace of it.

Uses HTTP only and never sends the registration event. Makes nothing of a kind without proof in
this run that the kind can be removed.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from canary.model import Check, Frozen, Status
from canary.probes.base.api import Kind, ProbeContext
from canary.probes.base.recorder import carry_out, skip
from canary.probes.base.request import Form, object_name
from canary.probes.registration import cleanup as tidy
from canary.probes.registration import orphans, proof
from canary.probes.registration import steps as do
from canary.probes.registration.client import ARTIFACT, MODEL, RUN, VERSION, Flow, MlflowStep


class RegistrationSpec(Frozen, frozen=True, kw_only=True):
    """The MLflow base path, the principal that registers, and the tags the platform requires.

    `with_run` False is the variant for frequent runs: no MLflow run, no artifact, fewer requests,
    and no row left in any table (REST can delete an MLflow run only softly).
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
    # objects of our prefix that are older are removed, whoever made them
    janitor_minutes: Annotated[float, msgspec.Meta(ge=0)] = 30
    # attempts of one run, for all kinds; 0 looks for no object of another run
    janitor_limit: Annotated[int, msgspec.Meta(ge=0, le=100)] = 20


class FlowStep(Frozen, frozen=True, kw_only=True):
    """A named step: its action, and the steps that must have passed before."""

    name: str
    action: Callable[[MlflowStep], None]
    needs: tuple[str, ...] = ()
    makes: str = ""  # the kind of object
    sweeps: bool = False  # lists objects of earlier runs, once MLflow has answered
    of_run: bool = False  # belongs to the variant with a run alone
    cleans: str = (
        ""  # a clean-up step: the name in `Flow.tried`, or the field of `Flow`, it removes
    )
    requests: int = 1


STEPS: tuple[FlowStep, ...] = (
    FlowStep(name="local model", action=do.local_model, requests=0),
    FlowStep(name="experiment", action=do.experiment, of_run=True),
    FlowStep(name="model removal", action=proof.model_removal),
    FlowStep(name="version removal", action=proof.version_removal, needs=("model removal",)),
    FlowStep(name="run removal", action=proof.run_removal, needs=("experiment",), of_run=True),
    FlowStep(name="orphaned models", action=orphans.models, sweeps=True),
    FlowStep(name="orphaned runs", action=orphans.runs, needs=("experiment",), of_run=True),
    FlowStep(
        name="run",
        action=do.create_run,
        needs=("experiment", "orphaned runs"),
        makes=RUN,
        of_run=True,
    ),
    FlowStep(name="parameters", action=do.parameters, needs=("run",), of_run=True),
    FlowStep(name="metrics", action=do.metrics, needs=("run",), of_run=True),
    FlowStep(
        name="tags",
        action=do.run_tags,
        needs=("parameters", "metrics"),
        of_run=True,
        requests=2,
    ),
    FlowStep(
        name="artifact put",
        action=do.put_artifacts,
        needs=("run", "local model"),
        makes=ARTIFACT,
        of_run=True,
        requests=3,
    ),
    FlowStep(name="artifact get", action=do.get_artifact, needs=("artifact put",), of_run=True),
    FlowStep(name="run finished", action=do.finish_run, needs=("run",), of_run=True),
    FlowStep(
        name="registered model", action=do.registered_model, needs=("orphaned models",), makes=MODEL
    ),
    FlowStep(
        name="model version",
        action=do.model_version,
        needs=("registered model", "run"),
        makes=VERSION,
    ),
    FlowStep(name="read back", action=do.read_back, needs=("model version",)),
    FlowStep(name="search", action=do.search, needs=("model version",), requests=2),
    FlowStep(name="alias", action=do.alias, needs=("model version",), requests=2),
    FlowStep(name="delete version", action=tidy.delete_version, cleans="version"),
    FlowStep(name="delete model", action=tidy.delete_model, cleans="model"),
    FlowStep(
        name="delete artifacts", action=tidy.delete_artifacts, cleans="artifacts", of_run=True
    ),
    FlowStep(name="delete run", action=tidy.delete_run, cleans="run_id", of_run=True),
    FlowStep(name="residue", action=tidy.residue, cleans="anything", requests=5),
)


def steps_of(spec: RegistrationSpec) -> list[FlowStep]:
    """Return the steps of the variant."""
    return [s for s in STEPS if spec.with_run or not s.of_run]


def start(check: Check, spec: RegistrationSpec, context: ProbeContext) -> Flow:
    """Make the flow's state; raises CredentialMissingError before any request is sent."""
    context.credential(spec.principal)
    kind = "full" if spec.with_run else "quick"
    return Flow(
        check=check,
        service=context.service(check.service),
        context=context,
        base=spec.base,
        principal=spec.principal,
        form=spec.form,
        name=object_name(context.environment.prefix, context.run_id, kind),
        absent=object_name(context.environment.prefix, context.run_id, "absent"),
        experiment=context.environment.experiment,
        tags=spec.tags,
        nonce=secrets.token_bytes(64),
        with_run=spec.with_run,
        janitor_minutes=spec.janitor_minutes,
        janitor_limit=spec.janitor_limit,
        seconds=context.remaining(False),
    )


def blocked(step: FlowStep, flow: Flow, passed: set[str], planned: set[str]) -> str:
    """Return why a step cannot be carried out, or an empty string."""
    if step.makes in flow.standing:
        return f"not made: {flow.standing[step.makes]}"
    lost = [n for n in step.needs if n in planned and n not in passed]
    if lost:
        return f"needs {lost[0]}, which did not pass"
    if step.sweeps and not flow.reached:
        return "MLflow has not answered"
    if step.makes and step.makes not in flow.proved:
        return f"not made: this run has no proof that it can remove a {step.makes}"
    if step.cleans == "anything" and not (flow.experiment_id or flow.tried):
        return "nothing was made"
    if step.cleans in ("version", "run_id") and not getattr(flow, step.cleans):
        return "nothing to remove"
    if step.cleans == "run_id" and "artifacts" in flow.tried and "delete artifacts" not in passed:
        # nobody looks for the artifacts of a deleted run; while it is alive, a later run finds both
        return "needs delete artifacts, which did not pass"
    if step.cleans in ("model", "artifacts") and step.cleans not in flow.tried:
        return "nothing to remove"
    return ""


def run(check: Check, spec: RegistrationSpec, context: ProbeContext) -> None:
    """Carry the flow out; clean-up removes everything created, however the flow ended."""
    flow = start(check, spec, context)
    steps = steps_of(spec)
    planned = {s.name for s in steps}
    passed: set[str] = set()
    for step in steps:
        reason = blocked(step, flow, passed, planned)
        if reason:
            skip(context, step.name, reason, always=bool(step.cleans))
        elif _carry_out(step, flow) is Status.PASS:
            passed.add(step.name)


def _carry_out(step: FlowStep, flow: Flow) -> Status:
    recorder = MlflowStep(flow=flow, cleanup=bool(step.cleans))
    action = functools.partial(step.action, recorder)
    tried = set(flow.tried)
    status = carry_out(flow.context, step.name, action, recorder, always=bool(step.cleans))
    if status is Status.SKIP and not recorder.evidence:
        flow.tried = tried  # no request was sent, so no object was created
    return status


def requests(spec: Any) -> int:
    """Return how many requests one run sends if every step passes."""
    return sum(s.requests for s in steps_of(spec))


KIND = Kind(
    name="registration",
    spec=RegistrationSpec,
    run=run,
    summary="a model goes through the registry step by step and leaves nothing behind",
    makes_objects=True,
    requests=requests,
    requests_with_key=requests,  # all of them
)
