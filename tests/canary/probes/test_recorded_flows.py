"""All that the flows that make objects ask and record; run as a module to write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from canary.model import (
    Answer,
    Credential,
    Environment,
    Failure,
    FailureKind,
    Residue,
    Service,
    Step,
)
from canary.probes import KINDS
from canary.probes.base.api import ProbeContext, RunOutOfTimeError
from tests.canary.probes.recorded_mlflow import Change, Memory, model, old_run, orphans
from tests.canary.probes.test_recorded import Clock, check, recorded
from tests.canary.support import platforms as p

FLOWS = Path(__file__).with_name("recorded_flows.txt")
OURS, OLD = "synthetic-canary-", "synthetic-canary-20261122t100000-abcdef-full"
WHOLE = (
    "well",
    "without a run",
    "a new experiment",
    "orphans",
    "earlier keys",
    "a clock that is wrong",
)
"""Scenes of which everything is shown; of others what is deleted and what does not pass."""
OTHERS = (({"run_id": "a/b"}, f"{OURS}a"), (5, f"{OURS}b"), ({"run_id": "c"}, "stranger"))
TAGS = [{"info": i, "data": {"tags": [{"key": "canary_name", "value": n}]}} for i, n in OTHERS]
STRANGE = json.dumps({"runs": ["x", *TAGS]})
CUT = RunOutOfTimeError("the run's time was over")
LOST = Answer(failure=Failure(kind=FailureKind.READ_TIMEOUT, detail="nothing came"))


def refusing(pattern: str, answer: Answer | Exception | None = None) -> Change:
    """Return what gives another answer, 500, to some requests: a pattern of method and path."""

    def change(method: str, path: str, number: int) -> Answer | None:
        fits = re.search(pattern, f"{number} {method} {path}")
        if fits and isinstance(answer, Exception):
            raise answer
        return (answer or Answer(status=500, body=b"it broke")) if fits else None

    return change


def scenes() -> Iterator[tuple[str, str, dict[str, Any], Memory]]:
    """Yield a title, a kind, its spec, and what the flow meets."""
    yield "well", "registration", {}, Memory()
    yield "without a run", "registration", {"with_run": False, "base": "/api/mlflow"}, Memory()
    yield "a new experiment", "registration", {}, Memory(experiment="")
    yield "an experiment that was deleted", "registration", {}, Memory(stage="deleted")
    yield (
        "a clock that is wrong",
        "registration",
        {"with_run": False},
        Memory(date="Sun, 22 Nov 2026 12:00:30 GMT"),
    )
    for title, pattern, answer in (
        ("no experiments", r"experiments/get", None),
        ("removal of models not proved", r"^\d DELETE .*registered-models/delete", None),
        ("removal without a body", r"DELETE .*delete$", Answer(status=400, body=(
            b'{"error_code": "INVALID_PARAMETER_VALUE"}'))),
        ("removal of runs not proved", r"^\d POST .*runs/delete", None),
        ("no run", r"runs/create", None),
        ("a run without an id", r"runs/create", Answer(status=200, body=b'{"run": {"info": {}}}')),
        ("no artifacts", r"PUT", None),
        ("other bytes", r"GET .*/nonce", Answer(status=200, body=b"other")),
        ("artifacts that stay", r"DELETE .*artifacts", None),
        ("no version", r"model-versions/create", None),
        ("a version that is not ready", r"model-versions/create", Answer(
            status=200, body=b'{"model_version": {"version": "1", "status": "PENDING"}}')),
        ("other tags", r"model-versions/get", Answer(status=200, body=b'{"model_version": {}}')),
        ("nothing found", r"model-versions/search", Answer(status=200, body=b"{}")),
        ("another version by alias", r"GET .*alias", Answer(
            status=200, body=b'{"model_version": {"version": "9"}}')),
        ("a model that stays", r"\d\d DELETE .*registered-models/delete", None),
        ("a run that stays", r"\d\d POST .*runs/delete", None),
        ("a listing that fails at the end", r"[3-9]\d GET .*registered-models/search", None),
        ("time-outs", r"runs/log-batch", LOST),
        ("cut while a model is made", r"registered-models/create", CUT),
        ("cut while a run is made", r"runs/create", CUT),
        ("models of others", r"registered-models/search", Answer(
            status=200, body=b'{"registered_models": ["x", 1, {"name": "stranger"}]}')),
        ("runs of others", r"runs/search", Answer(status=200, body=STRANGE.encode())),
        ("no parameters read back", r"runs/get", Answer(status=200, body=b"{}")),
    ):  # fmt: skip
        yield title, "registration", {}, Memory(change=refusing(pattern, answer))
    yield (
        "orphans",
        "registration",
        {},
        Memory(models=orphans(31, 45, 90), runs={"r1": old_run("r1", 31), "r2": old_run("r2", 60)}),
    )
    yield (
        "an orphan by its tag",
        "registration",
        {"with_run": False},
        Memory(models={f"{OURS}m": model(f"{OURS}m", 5, "60"), "stranger": model("stranger", 99)}),
    )
    yield (
        "more orphans than the limit",
        "registration",
        {"janitor_limit": 2},
        Memory(
            models=orphans(*range(40, 45)), runs={f"r{n}": old_run(f"r{n}", 50) for n in range(3)}
        ),
    )
    for number in (0, 6, 16):
        yield f"held back after {number}", "registration", {}, Memory(held_back_after=number)
    yield "no janitor", "registration", {"janitor_limit": 0}, Memory(models=orphans(90))
    yield (
        "orphans that stay",
        "registration",
        {},
        Memory(models=orphans(40, 50), change=refusing(r"\d\d DELETE .*registered-models/delete")),
    )
    yield (
        "told by the run before",
        "registration",
        {"with_run": False},
        Memory(models={f"{OURS}told": model(f"{OURS}told", 1)}),
    )
    yield "well", "key_lifecycle", KEYS, Memory()
    yield (
        "earlier keys",
        "key_lifecycle",
        KEYS,
        Memory(
            keys={
                "old": OLD,
                "told": f"{OURS}20261122t115900-abcdef-key",
                "x": "another",
                "y": f"{OURS}y",
            }
        ),
    )
    yield (
        "more earlier keys than are tried",
        "key_lifecycle",
        KEYS,
        Memory(keys={f"o{n}": OLD for n in range(5)}),
    )
    yield (
        "a key of a run under way",
        "key_lifecycle",
        KEYS,
        Memory(keys={"now": f"{OURS}20261122t115500-abcdef-key"}),
    )
    for title, pattern, answer in (
        ("removal not proved", r"^  ?\d* DELETE|^\d DELETE", Answer(status=404, body=b"<p>no")),
        ("no list", r"GET /api/v1/keys", None),
        ("no list of keys", r"GET /api/v1/keys", Answer(status=200, body=b'{"keys": 1}')),
        ("not made", r"POST /api/v1/keys$", None),
        ("made without an id", r"POST /api/v1/keys$", Answer(status=201, body=b'{"api_key": "v"}')),
        ("made without a key", r"POST /api/v1/keys$", Answer(
            status=200, body=b'{"key_info": {"key_id": 5}}')),
        ("not valid", r"[34] POST .*validate", Answer(status=401)),
        ("other scopes", r"[34] POST .*validate", Answer(status=200, body=b'{"scopes": ["a"]}')),
        ("not used", r"[45] GET /use", Answer(status=404)),
        ("no answer in use", r"GET /use", LOST),
        ("not revoked", r"DELETE .*k1", None),
        ("revoked without words", r"DELETE .*k1", Answer(status=204)),
        ("no answer to a removal", r"^1 DELETE", LOST),
        ("a list of other things", r"GET /api/v1/keys", Answer(status=200, body=(
            f'["x", 1, {{"key_id": "a/b", "name": "{OLD}"}}, {{"key_id": "b", "name": "us"}}]'
        ).encode())),
        ("no list at the end", r"^(9|1\d) GET /api/v1/keys", None),
        ("neither revoked nor listed", r"DELETE .*k1|^([7-9]|1\d) GET /api/v1/keys", None),
        ("still valid", r"validate", Answer(status=200, body=b'{"scopes": ["model:read"]}')),
    ):  # fmt: skip
        yield title, "key_lifecycle", KEYS, Memory(change=refusing(pattern, answer))
    for number in (0, 3):
        yield f"held back after {number}", "key_lifecycle", KEYS, Memory(held_back_after=number)
    says_gone = refusing(r"DELETE .*o1", Answer(status=404))
    yield "a key that says it is gone", "key_lifecycle", KEYS, Memory(says_gone, keys={"o1": OLD})
    for start in ("112959", "113000", "113001"):  # half an hour ago
        known = {"now": f"{OURS}20261122t{start}-abcdef-key"}
        yield f"a key since {start}", "key_lifecycle", KEYS, Memory(keys=known)
    yield (
        "earlier keys that stay",
        "key_lifecycle",
        KEYS,
        Memory(
            keys={"o1": OLD, "o2": OLD},
            change=refusing(r"DELETE .*o2", Answer(status=409, body=b"no")),
        ),
    )


KEYS = {"principal": "valid", "use_service": "web", "use_path": "/use", "cache_s": 0}


def flows() -> str:
    """Return what each flow asks, records and leaves behind."""
    lines = []
    for title, kind, spec, memory in scenes():
        steps, residue = list[Step](), list[Residue]()
        where = Environment(
            name="test", account="123456789012", region="us-east-1", cluster="c",
            services={"web": Service(url="https://web.example.com")},
        )  # fmt: skip
        context = ProbeContext(
            environment=where, run_id="20261122t115959-123456", http=memory, clock=Clock(),
            credential=lambda name: Credential(f"key of {name}"), forget_credential=lambda _: None,
            state=p.healthy, remaining=lambda cleanup: 11.0 if cleanup else 8.0,
            blocked=memory.may, answered=lambda _client, _answer: None, record=steps.append,
            residue=residue.append, left_behind=frozenset({f"{OURS}told", "told"}), began=5.0,
        )  # fmt: skip
        made = KINDS[kind].spec(**spec)
        KINDS[kind].run(check(kind, "web", made), made, context)
        counts = (KINDS[kind].requests(made), KINDS[kind].requests_with_key(made))
        lines.append(f"== {kind}: {title}, plans {counts}, asked {len(memory.lines)}")
        whole = title in WHOLE
        lines += memory.lines if whole else [m for m in memory.lines if " DELETE " in m]
        shown = [s for s in steps if whole or s.status != "PASS" or "note" in s.facts]
        lines += [line for step in shown for line in recorded(step) if "    seen" not in line]
        lines += [f"  residue {r.kind} {r.name}, removed {r.removed}: {r.reason}" for r in residue]
        lines.append(
            f"  left {sorted((*memory.models, *memory.runs, *memory.files, *memory.keys))}"
        )
    return "\n".join(lines) + "\n"


def test_what_the_flows_ask_and_record_is_as_it_is_kept() -> None:
    assert flows() == FLOWS.read_text(encoding="utf-8")


if __name__ == "__main__":
    FLOWS.write_text(flows(), encoding="utf-8")
