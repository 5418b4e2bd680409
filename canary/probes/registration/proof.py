"""Prove that a kind of object can be removed, before one of it is made.

The same call that will remove the object is sent for a reserved name that does not exist. MLflow
answers it with 404 and its own error code, in every version. Any other answer disproves the
removal: the method, the body or the key does not arrive as it must.
"""

from __future__ import annotations

from typing import Any

from canary.probes.registration.client import ARTIFACT, GONE, MODEL, RUN, VERSION, MlflowStep

# MLflow itself has read the request: it knows no such object, or it misses an argument
READ = ((404, GONE), (400, "INVALID_PARAMETER_VALUE"))


def model_removal(step: MlflowStep) -> None:
    """Prove that registered models can be removed.

    Artifacts are removed by the same method without a body: they need only MLflow's own answer.
    """
    _prove(step, MODEL, "DELETE", "registered-models/delete", {"name": step.flow.absent})


def version_removal(step: MlflowStep) -> None:
    """Prove that model versions can be removed."""
    body = {"name": step.flow.absent, "version": "1"}
    _prove(step, VERSION, "DELETE", "model-versions/delete", body)


def run_removal(step: MlflowStep) -> None:
    """Prove that runs can be removed."""
    _prove(step, RUN, "POST", "runs/delete", {"run_id": step.flow.absent})


def _prove(step: MlflowStep, kind: str, method: str, path: str, body: dict[str, Any]) -> None:
    reply = step.ask(method, path, body)
    status, code = reply.answer.status, reply.error_code
    if method == "DELETE" and (status, code) in READ:
        step.flow.proved.add(ARTIFACT)
    subject = f"{method} {path} of a name that does not exist"
    step.require(subject, f"404 {GONE}", step.last_answer(), status == 404 and code == GONE)
    step.flow.proved.add(kind)
