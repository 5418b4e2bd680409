"""The artifact store: artifacts fail while the rest of MLflow answers."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from canary.diagnose.core.case import MLFLOW, Case
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.symptoms import CONTROL, Symptom
from canary.diagnose.ecs import revisions


def artifacts(case: Case) -> Iterator[Finding]:
    """Report the artifact store if artifacts fail and MLflow's other calls answer."""
    failures = frozenset(
        f
        for f in case.failures
        if f.symptom not in CONTROL
        and ("/mlflow-artifacts/" in f.path or f.symptom is Symptom.ARTIFACTS)
        and f.symptom not in (Symptom.AUTH_UNAVAILABLE, Symptom.KEY_REFUSED)
    )
    others = {f for f in case.failures if "/mlflow/" in f.path and f not in failures}
    if not failures or any(f.symptom is Symptom.UPSTREAM_UNREACHABLE for f in others):
        return
    service, bucket = case.ecs(MLFLOW), _bucket(case)
    remedy = revisions.remedy(
        case,
        MLFLOW,
        "Whoever owns the bucket must allow MLflow's task role to write there; see its policy and"
        " lifecycle.",
        summary="See MLflow's artifact setting and the bucket's policy.",
        unread=True,
    )
    yield Finding(
        cause="artifact-store-failing",
        service=MLFLOW,
        resource=bucket or (service.task_definition if service else MLFLOW),
        summary="Artifacts cannot be stored or read, while MLflow's other calls answer.",
        evidence=(
            *top_evidence(failures),
            *(c.evidence() if (c := revisions.rollout(case, MLFLOW)) else ()),
        ),
        remedy=msgspec.structs.replace(
            remedy, inspect=(*_bucket_policy(case, bucket), *remedy.inspect)
        ),
        shown_failures=0,
        explained_failures=failures,
    )


def _bucket(case: Case) -> str:
    """Return the artifact bucket's URL from MLflow's task definition, "" if it names none."""
    for container in case.containers(MLFLOW):
        for value in container.plain.values():
            if value.startswith("s3://"):
                return value
    return ""


def _bucket_policy(case: Case, bucket: str) -> tuple[str, ...]:
    name = bucket.removeprefix("s3://").split("/")[0]
    return (case.aws("s3api", "get-bucket-policy", bucket=name),) if name else ()
