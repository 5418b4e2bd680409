"""What a revision changed or lost, older revisions that came back, and credentials of services."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import EcsDeployment, PlatformState
from canary.model import Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.scenes.access import accepted, judged
from tests.canary.support.scenes.ecs import definition, on_revision, since_revision_7
from tests.canary.support.told_scenes import (
    DATABASE_DOWN,
    HEALTHY,
    MLFLOW,
    NAMES,
    PLAIN,
    PROXY,
    REGISTRY,
    Told,
    api,
    deployment,
    deployments,
    down,
    health,
    passed,
    proxied,
    revised,
)

UPSTREAM = f"http://mlflow.{NAMES.prefix}.local:5000"
REFUSES = '"Response body: {\\"detail\\": \\"%s\\"}"'


def own_question(words: str, check: str = "registry.connection", path: str = "/ready") -> Result:
    """Return a document of the API in which MLflow refuses the API's own question."""
    body = f'{{"tracking_uri":"{UPSTREAM}","error_type":"RestException","error":{REFUSES % words}}}'
    return p.failed(check, "registry", p.answer(f"{REGISTRY}{path}", 503, body))


def caller(principal: str) -> Result:
    """Return a call through the proxy that passed."""
    return passed(PROXY, principal=principal)


def reverted(name: str, *results: Result) -> Told:
    """Return a service that runs revision 6 again, after 7 was well."""
    return Told(on_revision(name, 6), list(results))


def changed(name: str, results: list[Result], **fields: Any) -> Told:
    """Return a service whose revision 7 differs in its container from revision 6."""
    return since_revision_7(name, results, container=fields)


def on_port(*more: EcsDeployment, older: tuple[int, ...] = (6,), **fields: Any) -> PlatformState:
    """Return auth with a revision that listens on another port, beside older ones."""
    state = revised(
        "auth", deployments("auth", deployment(7, "PRIMARY"), *more), plain={"PORT": "9"}
    )
    known = tuple(p.replace(p.definition(NAMES, "auth", n), **fields) for n in older if n != 6)
    if 6 not in older:
        state = p.replace(
            state,
            task_definitions=tuple(
                d for d in state.task_definitions if d.arn != NAMES.revision("auth", 6)
            ),
        )
    return p.replace(state, task_definitions=(*state.task_definitions, *known))


ALIAS = definition(HEALTHY, "registry", 6, container={
    "plain": {**PLAIN, "MLFLOW_SERVER_URL": "http://one.example:5000"}})  # fmt: skip
SAME = definition(HEALTHY, "auth", 6, container={"image": "repo/auth:7"})
SCENES = {
    "own-key-missing": Told(HEALTHY, [own_question("API key required"), caller("valid")]),
    "own-key-refused-twice": Told(HEALTHY, [
        own_question("API key required"),
        own_question("Invalid or expired API key", "registry.second", "/api/health/mlflow"),
        passed(f"{REGISTRY}/health"), caller("")]),
    "own-key-and-a-callers-call": Told(HEALTHY, [
        own_question("Invalid or expired API key"),
        api(proxied(502, f'{{"detail":"Failed to connect to MLflow server at {UPSTREAM}"}}')),
        p.failed("registry.ready", "registry", p.answer(
            f"{REGISTRY}/ready", 503, f'{{"error_type":"x","tracking_uri":"{UPSTREAM}"}}'))]),
    "own-key-lost": changed("registry", [own_question("API key required")],
                            secrets={}, variables=PLAIN),
    "own-key-lost-and-rolled-back": Told(
        definition(definition(
            faults.service(HEALTHY, "registry", task_definition=NAMES.revision("registry", 6),
                           deployments=(
                deployment(6, "PRIMARY", task_definition=NAMES.revision("registry", 6)),
                deployment(7, "INACTIVE", task_definition=NAMES.revision("registry", 7),
                           rollout_state="FAILED", failed_tasks=2))),
            "registry", 6, container={"secrets": {"MLFLOW_TRACKING_TOKEN": "arn:x"}}),
            "registry", 7, container={"secrets": {}}),
        [own_question("API key required")]),
    "older-revision-of-no-task": Told(
        faults.service(on_revision("registry", 6), "registry", desired=0, running=0),
        [api(p.answer(f"{REGISTRY}/api/v1/models", 404, "{}"), "registry.models")]),
    "port-variable-beside-a-pending-task": Told(
        on_port(deployment(6, "ACTIVE", running=0, desired=0, pending=1)), down()),
    "port-variable-beside-an-ended-deployment": Told(
        on_port(deployment(6, "INACTIVE", running=0, desired=0)), down()),
    "port-variable-and-a-revision-that-is-gone": Told(
        on_port(older=(5,), status="INACTIVE"), down()),
    "port-variable-and-several-revisions": Told(
        on_port(older=(5, 6, 4)), down(), on_revision("auth", 5)),
    "older-revision-of-auth": reverted("auth", accepted("revoked")),
    "older-revision-of-auth-refuses": reverted("auth", judged(401), api(proxied(401, "{}"))),
    "older-revision-of-auth-and-another-fault": reverted(
        "auth", api(p.answer(f"{REGISTRY}/api/v1/models", 404, "{}"), "registry.models")),
    "older-revision-of-mlflow": reverted(
        "mlflow", api(proxied(404, '{"error_code":"ENDPOINT_NOT_FOUND"}')),
        api(p.answer(f"{REGISTRY}/api/v1/models", 404, "{}"), "registry.models")),
    "older-revision-behind-a-closed-port": reverted(
        "registry", api(p.none(f"{REGISTRY}/x", "tls", failure_code=10), "registry.x"),
        p.failed("mlflow.ui", "registry", p.answer(MLFLOW, 404, "{}"))),
    "variable-lost": changed("registry", [api(faults._mlflow_unreachable())],
                             variables=("PORT",), plain={"PORT": "8001"}),
    "variable-of-the-port-changed": changed(
        "registry", [api(faults._mlflow_unreachable())],
        plain={**PLAIN, "PORT": "8002", "ALLOWED_HOSTS": "a", "MLFLOW_SERVER_URL": f"{UPSTREAM}/x"},
        ports=(8001, 8002)),
    "allowed-hosts-changed": since_revision_7(
        "registry", [api(faults._mlflow_unreachable()),
                     p.failed("mlflow.ui", "registry",
                              p.answer(MLFLOW, 403, "Invalid Host header"))],
        definition(HEALTHY, "registry", 6, container={"plain": {**PLAIN, "ALLOWED_HOSTS": "a"}}),
        container={"plain": {**PLAIN, "ALLOWED_HOSTS": "b"}}),
    "upstream-of-another-alias": since_revision_7(
        "registry", [api(faults._mlflow_unreachable())], ALIAS, container={
            "plain": {**PLAIN, "MLFLOW_SERVER_URL": "http://two.example:5000"}}),
    "revision-of-the-same-content": Told(
        SAME, [accepted("revoked", f"{faults.AUTH}/api/v1/keys/validate")],
        on_revision("auth", 6, SAME)),
    "auth-address-changed": changed(
        "registry", [api(faults.auth_unavailable())],
        plain={**PLAIN, "AUTH_SERVICE_URL": "https://mlflow.hokusai.local"}),
    "variable-changed-and-logged": Told(
        p.replace(changed("registry", [], plain={**PLAIN, "DB_HOST": "other"}).state, logs={
            "registry": (faults.LogLine(at=p.ago(1), message="DB_HOST other does not answer"),)}),
        health(DATABASE_DOWN), on_revision("registry", 6)),
    "settings-changed-and-rolled-back": Told(
        definition(faults.service(
            on_revision("registry", 6), "registry", deployments=(
                deployment(6, "PRIMARY", task_definition=NAMES.revision("registry", 6),
                           rollout_state="COMPLETED",
                           rollout_reason=faults.ROLLING_BACK),
                deployment(7, "ACTIVE", task_definition=NAMES.revision("registry", 7),
                           rollout_state="FAILED", failed_tasks=3, running=0))),
            "registry", 7, container={"secrets": {}, "variables": ("PORT",)}),
        health(DATABASE_DOWN), on_revision("registry", 6)),
    "service-id-changed": changed(
        "registry", [api(proxied(401, '{"detail":"Invalid or expired API key"}'))],
        plain={**PLAIN, "AUTH_SERVICE_ID": "other"}),
}  # fmt: skip
