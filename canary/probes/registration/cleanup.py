"""Remove what the registration flow created."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from canary.model import Residue
from canary.probes.base.expectations import look_up
from canary.probes.base.recorder import StepFailedError
from canary.probes.registration.client import ARTIFACT, GONE, MODEL, RUN, MlflowStep
from canary.probes.registration.steps import ID, NAME_TAG, tags_of

GONE_OR_NEVER = (200, 204, 404)
MOST_PAGES = 5


def delete_version(step: MlflowStep) -> None:
    """Delete the model version."""
    flow = step.flow
    body = {"name": flow.name, "version": flow.version}
    step.call("DELETE", "model-versions/delete", body, codes=(GONE,))


def delete_model(step: MlflowStep) -> None:
    """Delete the registered model, the last row that is left in the registry's tables."""
    remove_model(step, step.flow.name)


def remove_model(step: MlflowStep, name: str) -> None:
    """Delete a registered model and every version of it."""
    step.call("DELETE", "registered-models/delete", {"name": name}, codes=(GONE,))
    step.flow.made.discard((MODEL, name))


def delete_artifacts(step: MlflowStep) -> None:
    """Delete the run's artifact folder; a single file cannot be deleted on MLflow 2.9.2."""
    step.artifact("DELETE", step.flow.artifacts, accept=GONE_OR_NEVER)


def delete_run(step: MlflowStep) -> None:
    """Delete the run; over REST this is a soft delete (`mlflow gc` removes the row)."""
    _delete_run(step, step.flow.run_id)


def _delete_run(step: MlflowStep, run_id: str) -> None:
    step.call("POST", "runs/delete", {"run_id": run_id}, codes=(GONE,))
    step.flow.made.discard((RUN, run_id))


def models(step: MlflowStep, like: str) -> Iterator[dict[str, Any]]:
    """Yield the registered models whose name begins with a text, page by page."""
    query = {"filter": f"name LIKE '{like}%'", "max_results": "100"}
    for _ in range(MOST_PAGES):
        found = step.call("GET", "registered-models/search", query=query)
        rows = look_up(found.document, "registered_models")
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and str(row.get("name", "")).startswith(like):
                yield row
        token = look_up(found.document, "next_page_token")
        if not isinstance(token, str) or not token:
            return
        query["page_token"] = token


def runs(step: MlflowStep, like: str) -> Iterator[dict[str, Any]]:
    """Yield `info`, name and tags of our experiment's live runs named like this, oldest first."""
    flow = step.flow
    if not flow.experiment_id:
        return
    body = {
        "experiment_ids": [flow.experiment_id],
        "filter": f"tags.{NAME_TAG} LIKE '{like}%'",
        "run_view_type": "ACTIVE_ONLY",
        "order_by": ["attribute.start_time ASC"],
        "max_results": 100,
    }
    rows = look_up(step.call("POST", "runs/search", body).document, "runs")
    for row in rows if isinstance(rows, list) else []:
        tags = tags_of(look_up(row, "data.tags"))
        info = look_up(row, "info")
        name = str(tags.get(NAME_TAG, ""))
        known = isinstance(info, dict) and ID.fullmatch(str(info.get("run_id", "")))
        if isinstance(info, dict) and known and name.startswith(like):
            yield {**info, "name": name, "tags": tags}


def remove_run(step: MlflowStep, run_id: str) -> None:
    """Delete a run's artifacts, then the run: once deleted, the run would hide them for good.

    MLflow's local store answers 500 for a folder that never existed, so the listing decides.
    """
    folder = f"{step.flow.experiment_id}/{run_id}/artifacts"
    answer = step.artifact("DELETE", folder, accept=(*GONE_OR_NEVER, 500))
    if answer.status == 500:
        left = _listed(step, folder)
        step.require("artifacts", "none", f"{len(left)} left", not left)
    _delete_run(step, run_id)


def residue(step: MlflowStep) -> None:
    """Require that no object of this run is listed, after one more attempt to remove them.

    If listing fails, every created object whose removal was not confirmed counts as left behind.
    """
    try:
        left = _left(step)
    except Exception:
        _report(step, sorted(step.flow.made), "its removal could not be seen")
        raise
    _report(step, left, "could not be removed by the run that made it")
    shown = ", ".join(f"{kind} {name}" for kind, name in left) or "nothing"
    step.require("left behind", "nothing", shown, not left)


def _report(step: MlflowStep, left: Iterable[tuple[str, str]], why: str) -> None:
    """Report what is left behind, with one record for all objects of a kind."""
    by_kind: dict[str, list[str]] = {}
    for kind, name in left:
        by_kind.setdefault(kind, []).append(name)
    for kind, names in by_kind.items():
        leave_behind(step, kind, names, why)


def leave_behind(step: MlflowStep, kind: str, names: Sequence[str], why: str) -> None:
    """Report objects of a kind that stay on the platform, in one record that names the first."""
    reason = why if len(names) == 1 else f"{why}; {len(names)} of this kind"
    step.flow.context.residue(Residue(kind=kind, name=names[0][:200], removed=False, reason=reason))


def _left(step: MlflowStep) -> list[tuple[str, str]]:
    """Try once more to remove this run's objects, and return those that are still listed.

    A kind of which one removal fails is not tried further.
    """
    flow = step.flow
    own = [str(m["name"]) for m in models(step, flow.name)]
    all(attempt(step, partial(remove_model, step, name)) for name in own)
    ids = [str(info["run_id"]) for info in runs(step, flow.name)]
    all(attempt(step, partial(remove_run, step, run_id)) for run_id in ids)
    left = [(MODEL, str(m["name"])) for m in models(step, flow.name)]
    left += [(RUN, str(info["run_id"])) for info in runs(step, flow.name)]
    return left + [(ARTIFACT, name) for name in _files(step)]


def _files(step: MlflowStep) -> list[str]:
    if not step.flow.artifacts or "artifacts" not in step.flow.tried:
        return []
    return _listed(step, step.flow.artifacts)


def _listed(step: MlflowStep, folder: str) -> list[str]:
    """Return the files in a folder; an error answer ends the step: it does not mean "empty"."""
    reply = step.listing(folder)
    status = reply.answer.status
    step.require("list of artifacts", "200 or 404", status or "no answer", status in (200, 404))
    rows = look_up(reply.document, "files")
    return [str(r.get("path")) for r in rows] if isinstance(rows, list) else []


def attempt(step: MlflowStep, remove: Callable[[], None]) -> bool:
    """Return whether a removal succeeded; the caller judges a failure."""
    kept = len(step.assertions)
    try:
        remove()
    except StepFailedError:
        del step.assertions[kept:]
        return False
    return True
