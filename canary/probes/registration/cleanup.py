"""What the registration flow takes away again: its own objects, and orphans of crashed runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from canary.model import Residue
from canary.probes.base.expectations import look_up
from canary.probes.registration.client import ARTIFACT, MODEL, RUN, Flow, Page, StepFailedError
from canary.probes.registration.steps import ID, NAME_TAG, now_ms

GONE = "RESOURCE_DOES_NOT_EXIST"
GONE_OR_NEVER = (200, 204, 404)
MOST_PAGES = 5


def delete_version(page: Page) -> None:
    """Delete the model version."""
    flow = page.flow
    body = {"name": flow.name, "version": flow.version}
    page.call("DELETE", "model-versions/delete", body, codes=(GONE,))


def delete_model(page: Page) -> None:
    """Delete the registered model; with it the last row in the registry's tables goes."""
    remove_model(page, page.flow.name)


def remove_model(page: Page, name: str) -> None:
    """Delete a registered model and every version of it."""
    page.call("DELETE", "registered-models/delete", {"name": name}, codes=(GONE,))
    page.flow.made.discard((MODEL, name))


def delete_artifacts(page: Page) -> None:
    """Delete the run's artifact folder; a single file cannot be deleted on MLflow 2.9.2."""
    page.artifact("DELETE", page.flow.artifacts, accept=GONE_OR_NEVER)


def delete_run(page: Page) -> None:
    """Delete the run; over REST this is a soft delete (`mlflow gc` removes the row)."""
    _delete_run(page, page.flow.run_id)


def _delete_run(page: Page, run_id: str) -> None:
    page.call("POST", "runs/delete", {"run_id": run_id}, codes=(GONE,))
    page.flow.made.discard((RUN, run_id))


def models(page: Page, like: str) -> Iterator[dict[str, Any]]:
    """Yield the registered models whose name begins with a text, page by page."""
    query = {"filter": f"name LIKE '{like}%'", "max_results": "100"}
    for _ in range(MOST_PAGES):
        found = page.call("GET", "registered-models/search", query=query)
        rows = look_up(found.document, "registered_models")
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and str(row.get("name", "")).startswith(like):
                yield row
        token = look_up(found.document, "next_page_token")
        if not isinstance(token, str) or not token:
            return
        query["page_token"] = token


def runs(page: Page, like: str) -> Iterator[dict[str, Any]]:
    """Yield `info` of the live runs of our experiment whose name begins with a text, old first."""
    flow = page.flow
    if not flow.experiment_id:
        return
    body = {
        "experiment_ids": [flow.experiment_id],
        "filter": f"tags.{NAME_TAG} LIKE '{like}%'",
        "run_view_type": "ACTIVE_ONLY",
        "order_by": ["attribute.start_time ASC"],
        "max_results": 100,
    }
    rows = look_up(page.call("POST", "runs/search", body).document, "runs")
    for row in rows if isinstance(rows, list) else []:
        tags = look_up(row, "data.tags")
        names = {t.get("key"): t.get("value") for t in tags} if isinstance(tags, list) else {}
        info = look_up(row, "info")
        name = str(names.get(NAME_TAG, ""))
        known = isinstance(info, dict) and ID.fullmatch(str(info.get("run_id", "")))
        if isinstance(info, dict) and known and name.startswith(like):
            yield {**info, "name": name}


def remove_run(page: Page, run_id: str) -> None:
    """Delete a run's artifacts, and then the run: deleted first, it would hide them for good.

    MLflow's local store answers 500 for a folder that was never made, so the listing decides.
    """
    folder = f"{page.flow.experiment_id}/{run_id}/artifacts"
    answer = page.artifact("DELETE", folder, accept=(*GONE_OR_NEVER, 500))
    if answer.status == 500:
        left = _listed(page, folder)
        page.hold("artifacts", "none", f"{len(left)} left", not left)
    _delete_run(page, run_id)


def residue(page: Page) -> None:
    """Count by listing what is left under our name, after one more attempt to remove it.

    Where nothing can be listed, what was made and not seen to go counts: it may well be there.
    """
    try:
        left = _left(page)
    except Exception:
        _tell(page, sorted(page.flow.made), "its removal could not be seen")
        raise
    _tell(page, left, "could not be removed by the run that made it")
    shown = ", ".join(f"{kind} {name}" for kind, name in left) or "nothing"
    page.hold("left behind", "nothing", shown, not left)


def _tell(page: Page, left: Iterable[tuple[str, str]], why: str) -> None:
    for kind, name in left:
        page.flow.tools.residue(Residue(kind=kind, name=name[:200], removed=False, reason=why))


def _left(page: Page) -> list[tuple[str, str]]:
    flow = page.flow
    for name in [str(m["name"]) for m in models(page, flow.name)]:
        _try(page, partial(remove_model, page, name))
    for info in list(runs(page, flow.name)):
        _try(page, partial(remove_run, page, str(info["run_id"])))
    left = [(MODEL, str(m["name"])) for m in models(page, flow.name)]
    left += [(RUN, str(info["run_id"])) for info in runs(page, flow.name)]
    return left + [(ARTIFACT, name) for name in _files(page)]


def _files(page: Page) -> list[str]:
    if not page.flow.artifacts or "artifacts" not in page.flow.tried:
        return []
    return _listed(page, page.flow.artifacts)


def _listed(page: Page, folder: str) -> list[str]:
    """Return what lies in a folder; an answer that lists nothing does not say "nothing"."""
    reply = page.listing(folder)
    status = reply.answer.status
    page.hold("list of artifacts", "200 or 404", status or "no answer", status in (200, 404))
    rows = look_up(reply.document, "files")
    return [str(r.get("path")) for r in rows] if isinstance(rows, list) else []


def _try(page: Page, remove: Callable[[], None]) -> bool:
    """Attempt a removal; what does not succeed is judged by the listing, not here."""
    kept = len(page.assertions)
    try:
        remove()
    except StepFailedError:
        del page.assertions[kept:]
        return False
    return True


def janitor(page: Page) -> None:
    """Remove orphans: of our prefix, older than the limit, never our own, a few per run."""
    flow = page.flow
    prefix = flow.tools.environment.prefix
    oldest = now_ms(flow) - int(flow.janitor_minutes * 60_000)
    removed = 0
    for kind, name, remove in _orphans(page, flow, prefix, oldest):
        if removed >= flow.janitor_limit:
            page.facts["note"] = f"more orphans than {flow.janitor_limit} a run"
            break
        good = _try(page, remove)
        removed += good
        reason = "orphan of an earlier run" if good else "orphan that could not be removed"
        flow.tools.residue(Residue(kind=kind, name=name[:200], removed=good, reason=reason))
    page.facts["removed"] = str(removed)


def _orphans(
    page: Page, flow: Flow, prefix: str, oldest: int
) -> list[tuple[str, str, Callable[[], None]]]:
    found: list[tuple[str, str, Callable[[], None]]] = []
    for model in models(page, prefix):
        name, born = str(model["name"]), int(model.get("creation_timestamp") or now_ms(flow))
        if name != flow.name and name.startswith(prefix) and born < oldest:
            found.append((MODEL, name, partial(remove_model, page, name)))
    for info in runs(page, prefix):
        run_id, born = str(info["run_id"]), int(info.get("start_time") or now_ms(flow))
        if info["name"] != flow.name and born < oldest:
            found.append((RUN, run_id, partial(remove_run, page, run_id)))
    return found
