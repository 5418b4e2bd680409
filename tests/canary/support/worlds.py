"""An environment, checks, tiny kinds, and ports that are real or plain, for tests."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.server
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from canary.adapters.clock import SystemClock
from canary.adapters.http_client.client import HttpClient
from canary.comparison.previous import Previous
from canary.comparison.states import StateError
from canary.control_plane.state import PlatformState
from canary.model import (
    Check,
    Config,
    Credential,
    Environment,
    Exchange,
    Explanation,
    Frozen,
    Report,
    Request,
    Residue,
    RunLimits,
    Service,
    Severity,
    Status,
    Step,
    Suite,
)
from canary.mutes.in_force import in_force
from canary.plan import Plan, Selection, make_plan
from canary.probes.base.api import CredentialMissingError, Kind, ProbeContext
from canary.redaction.redactor import Redactor
from canary.runner import Outcome, Ports, RunStart, carry_out
from canary.runner.muted import spread
from canary.runner.ports import OnProgress, quiet

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


class TinySpec(Frozen, frozen=True, kw_only=True):
    """What a tiny probe is told."""

    path: str = "/"
    principal: str = ""
    seconds: float = 0.0
    text: str = ""


def passes(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Record one passing step."""
    time.sleep(spec.seconds)
    context.record(Step(name="step", status=Status.PASS, duration_ms=spec.seconds * 1000))


def fails(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Record one failing step."""
    context.record(Step(name="step", status=Status.FAIL, reason=spec.text or "it is wrong"))


def breaks(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Have a bug."""
    raise RuntimeError("a bug in the probe")


def says_nothing(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Record no step."""


def asks(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Ask the service, and take any answer for a pass."""
    credential = context.credential(spec.principal) if spec.principal else None
    url = context.service(check.service).url + spec.path
    answer = context.http.send(
        Request(method="GET", url=url, timeout_s=30, credential_headers=("X-API-Key: {}",)),
        credential,
    )
    failure = answer.failure.kind.value if answer.failure else ""
    status = Status.FAIL if failure else Status.PASS
    seen = Exchange(method="GET", url=url, status=answer.status, excerpt=answer.body.decode())
    context.record(Step(name="ask", status=status, reason=failure, evidence=(seen,)))


def flows(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Make something, hang, and clear away behind itself."""
    context.record(Step(name="made", status=Status.PASS))
    time.sleep(min(spec.seconds, context.remaining(False) + 0.01))
    left = context.remaining(True)
    context.record(Step(name=f"cleared {left > 0.5}", status=Status.PASS, always=True))
    context.residue(Residue(kind="run", name="one", removed=True))


def tidies(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Clear away what was made, with one request."""
    context.remaining(True)
    asks(check, spec, context)


def ignores_time(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Record a step, and then be busy for longer than allowed."""
    context.record(Step(name="first", status=Status.PASS))
    time.sleep(spec.seconds)
    context.record(Step(name="too late", status=Status.PASS))


def reads(check: Check, spec: TinySpec, context: ProbeContext) -> None:
    """Look at the control plane."""
    context.record(Step(name=context.state().read_at, status=Status.PASS))


KINDS = {
    f.__name__: Kind(
        name=f.__name__,
        spec=TinySpec,
        run=f,
        summary=f.__doc__ or "",
        reads_state=f is reads,
    )
    for f in (passes, fails, breaks, says_nothing, asks, flows, tidies, ignores_time, reads)
}


def check(check_id: str = "api.it", kind: str = "passes", **changes: Any) -> Check:
    """Return a check of a tiny kind; `spec` keys may be given directly."""
    spec = TinySpec(**{k: changes.pop(k) for k in TinySpec.__struct_fields__ if k in changes})
    return Check(
        **{
            "id": check_id,
            "title": "It holds",
            "kind": kind,
            "suite": Suite.ENDPOINTS,
            "service": "api",
            "severity": Severity.HIGH,
            "runbook": "docs/x.md",
            "timeout": 5.0,
            "spec": spec,
            **changes,
        }
    )


def environment(**changes: Any) -> Environment:
    """Return an environment with one service."""
    return Environment(
        **{
            "name": "test",
            "account": "123456789012",
            "region": "us-east-1",
            "cluster": "c",
            "services": {"api": Service(url="http://127.0.0.1:9")},
            "run": RunLimits(budget=20.0, cleanup_reserve=2.0, publish_reserve=1.0),
            **changes,
        }
    )


def config(*checks: Check, **changes: Any) -> Config:
    """Return a configuration."""
    return Config(environment=environment(**changes), checks=checks)


def no_secret(principal: str) -> Credential | None:
    """Have no secret for anybody."""
    raise CredentialMissingError(f"the secret of {principal} is missing")


def no_state(name: str, seconds: float) -> PlatformState:
    """Have no store of states."""
    raise StateError("it is not in the store")


def ports(where: Environment, **changes: Any) -> Ports:
    """Return ports: real HTTP and clock, AWS and the past as given or empty."""
    redactor = changes.setdefault("redactor", Redactor())
    given = {
        "kinds": KINDS,
        "http": lambda run_id: HttpClient.for_environment(where, run_id, redactor),
        "clock": SystemClock(),
        "credential": no_secret,
        "forget_credential": lambda _: None,
        "observe": lambda: PlatformState(read_at="now"),
        "previous": Previous,
        "refresh_failing": lambda state, *_: state,
        "diagnose": lambda *_: Explanation(),
        "read_state": no_state,
        "within": lambda _, action: action(),
    }
    return Ports(**{**given, **changes})


def plan_of(made: Config, budget: float = 0.0, kinds: Mapping[str, Kind] = KINDS) -> Plan:
    """Return the plan of everything, now."""
    return make_plan(made, kinds, {}, NOW, Selection(), budget)


def start_of(made: Config, plan: Plan, before: Report | None = None) -> RunStart:
    """Return the start of a run of this plan, now."""
    clock = SystemClock()
    return RunStart(
        config=made,
        plan=plan,
        run_id="run-1",
        started=clock.now(),
        start=clock.monotonic(),
        previous=Previous(report=before),
        muted=spread(made, in_force(made.environment, clock.now())),
    )


def carried_out(
    made: Config,
    budget: float = 0.0,
    *,
    before: Report | None = None,
    on_progress: OnProgress = quiet,
    **changes: Any,
) -> Outcome:
    """Carry every check of a configuration out."""
    given = ports(made.environment, **changes)
    start = start_of(made, plan_of(made, budget, given.kinds), before)
    return carry_out(given, start, on_progress)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.headers.get("X-API-Key", "nobody").encode()
        if self.path.startswith("/hang"):
            time.sleep(float(self.path.rpartition("/")[2]))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def local_server() -> Iterator[str]:
    """Serve `/` at once and `/hang/<seconds>` late, echoing the key; yield the URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
