"""Only objects under the reserved prefix are ever deleted, whatever the registry answers."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canary.probes.base.api import OtherRunError
from canary.probes.base.recorder import StepFailedError
from canary.probes.registration import RegistrationSpec, cleanup, orphans, start
from canary.probes.registration.client import ARTIFACT, MODEL, RUN, MlflowStep
from tests.canary.support.servers.toolbox import Bench, environment
from tests.canary.support.worlds import check

PREFIX, OWN = "synthetic-canary-", "synthetic-canary-t-1-full"
NOW_MS = int(dt.datetime.now(dt.UTC).timestamp() * 1000)
OLD, YOUNG = NOW_MS - 3 * 3_600_000, NOW_MS


class Registry(http.server.BaseHTTPRequestHandler):
    """A registry that ignores every filter: all names come back, whatever was asked."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    names: dict[str, int]
    deleted: set[str]

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw.startswith(b"{") else {}
        path, found = self.path.partition("?")[0], type(self)
        answer: dict[str, Any] = {}
        if path.endswith("registered-models/search"):
            rows = [{"name": n, "creation_timestamp": b} for n, b in found.names.items()]
            answer = {"registered_models": rows}
        elif path.endswith("runs/search"):
            answer = {"runs": [self._row(n, b) for n, b in found.names.items()]}
        elif path.endswith("registered-models/delete"):
            found.deleted.add(body["name"])
        elif path.endswith("runs/delete"):
            found.deleted.add(bytes.fromhex(body["run_id"]).decode())
        elif self.command == "DELETE":  # artifacts: experiment / run id / artifacts
            found.deleted.add(bytes.fromhex(path.split("/")[-2]).decode())
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    @staticmethod
    def _row(name: str, born: int) -> dict[str, Any]:
        info = {"run_id": name.encode().hex() or "00", "start_time": born}
        return {"info": info, "data": {"tags": [{"key": "canary_name", "value": name}]}}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


look_alikes = st.one_of(
    st.sampled_from(
        (
            "synthetic-canary",
            "synthetic_canary-x",
            "Synthetic-Canary-x",
            "SYNTHETIC-CANARY-x",
            "synthetic-canaryx",
            " synthetic-canary-x",
            "\u200bsynthetic-canary-x",
            "synthetic\u2011canary-x",
            "my-synthetic-canary-x",
            "synthetic-canar\u0443-x",
            "%",
            "synthetic-%",
            "x/synthetic-canary-x",
        )
    ),
    st.text(max_size=30),
    st.text(max_size=12).map(lambda t: t + PREFIX),
    st.text(min_size=1, max_size=12).map(lambda t: t + OWN),
    st.text(max_size=12).map(lambda t: PREFIX + t),
    st.text(max_size=12).map(lambda t: OWN + t),
    st.integers(0, len(PREFIX)).map(lambda n: PREFIX[:n]),
)


def _judged(name: str) -> bool:
    """Tell whether a name can be written into a URL and JSON at all."""
    with contextlib.suppress(UnicodeEncodeError):
        return bool(name.encode())
    return False


@given(
    names=st.dictionaries(look_alikes.filter(_judged), st.sampled_from((OLD, YOUNG)), max_size=20)
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_only_reserved_names_are_deleted_and_young_ones_only_by_their_own_run(
    url: str, names: dict[str, int]
) -> None:
    Registry.names, Registry.deleted = names, set()
    bench = Bench(environment(url), {"valid": "k" * 32}, run_id="t-1")
    flow = start(
        check(service="target"), RegistrationSpec(base="", janitor_limit=100), bench.context()
    )
    flow.experiment_id, flow.patience_s = "1", 0
    assert flow.name == OWN
    flow.proved = {MODEL, RUN, ARTIFACT}
    for clean in (cleanup.residue, orphans.models, orphans.runs):
        with contextlib.suppress(StepFailedError, OtherRunError):
            clean(MlflowStep(flow=flow, cleanup=clean is cleanup.residue))
    assert all(n.startswith(PREFIX) for n in Registry.deleted)
    assert all(names[n] == OLD or n.startswith(OWN) for n in Registry.deleted)
    expected = {n for n, born in names.items() if n.startswith(PREFIX) and born == OLD and n != OWN}
    assert expected <= Registry.deleted
