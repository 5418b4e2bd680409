"""Make what a process keeps and what a run may touch, for the function and the command line."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools

import msgspec

from canary.adapters.aws.clients import Clients
from canary.adapters.aws.secrets import Secrets
from canary.adapters.clock import SystemClock
from canary.adapters.connect import connect
from canary.adapters.deadlines import cut_after, within
from canary.adapters.http_client.client import HttpClient
from canary.adapters.http_client.deadline import watchdog
from canary.adapters.store.open_store import largest_object, open_store
from canary.adapters.store.protocol import Store, latest_name
from canary.adapters.store.unstored_runs import UnstoredRuns
from canary.comparison.previous import Previous, read_previous
from canary.control_plane.baselines import Baselines
from canary.control_plane.state import PlatformState
from canary.control_plane.write_calls import Audit
from canary.model import Config, Environment, Explanation, Frozen, Result
from canary.mutes.in_force import Stored
from canary.mutes.kept import decode, holding, mutes_name
from canary.observe import observe, refresh_failing, write_calls
from canary.observe.edge.failed import Failed
from canary.probes.plugged import ALL_KINDS
from canary.redaction.redactor import Redactor
from canary.report import json as canonical
from canary.runner import Ports
from canary.wiring.states import read_state

RULE_S = 5.0
"""Most seconds for a rule of the diagnosis; all rules together take some 50 ms."""
MOST_REFUSED = 3  # stored mutes of which a report names the fault
READ_S = 3.0
"""Seconds for reading the previous report; where packets are dropped boto3 would wait for ten."""


class Runtime(Frozen, frozen=True, kw_only=True):
    """What a process keeps between runs: configuration, clients, secrets and the store."""

    config: Config
    clients: Clients
    secrets: Secrets
    store: Store
    unstored: UnstoredRuns
    redactor: Redactor
    clock: SystemClock

    @property
    def environment(self) -> Environment:
        """Return the environment that this process checks."""
        return self.config.environment


def make_runtime(config: Config, store: str, clients: Clients | None = None) -> Runtime:
    """Make every adapter, without reaching outside yet; `clients`: of a session of a person."""
    without_core_files()
    clients = clients or Clients(config.environment)
    clock = SystemClock()
    return Runtime(
        config=config,
        clients=clients,
        secrets=Secrets(
            functools.partial(clients.client, "secretsmanager"), config.environment, clock
        ),
        store=open_store(
            store, functools.partial(clients.client, "s3"), largest_object(len(config.checks))
        ),
        unstored=UnstoredRuns(config.environment.name),
        redactor=Redactor(),
        clock=clock,
    )


def without_core_files() -> None:
    """Keep a crash of this process from writing its memory, which holds every key of the run."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def make_ports(runtime: Runtime) -> Ports:
    """Return what one run may touch."""
    environment = runtime.environment
    return Ports(
        kinds=ALL_KINDS,
        http=functools.partial(HttpClient.for_environment, environment, redactor=runtime.redactor),
        clock=runtime.clock,
        credential=runtime.secrets.credential,
        forget_credential=runtime.secrets.forget,
        observe=lambda: observe(runtime.clients, environment),
        redactor=runtime.redactor,
        previous=lambda: previous(runtime),
        refresh_failing=functools.partial(_refresh, runtime),
        diagnose=_diagnose,
        mutes=lambda now: stored_mutes(runtime, now),
        read_state=lambda name, seconds: within(seconds, lambda: read_state(runtime.store, name)),
        within=within,
        audit=functools.partial(_audit, runtime) if environment.cluster else None,
        end_requests=watchdog.end_requests,
        connect=functools.partial(connect, environment),
    )


def previous(runtime: Runtime) -> Previous:
    """Return the previous report; its note names earlier runs that could not be stored."""
    name = latest_name(runtime.environment.name)
    found = read_previous(
        lambda: within(READ_S, lambda: runtime.store.read(name)),
        canonical.load,
        runtime.clock.now(),
    )
    unstored = runtime.unstored.pop()
    if not unstored:
        return found
    note = f"the reports of earlier runs could not be stored: {', '.join(unstored)}"
    return Previous(report=found.report, note="; ".join(n for n in (found.note, note) if n))


def stored_mutes(runtime: Runtime, now: dt.datetime) -> Stored:
    """Return the mutes that hold; where they cannot be read none does, and a note says so."""
    name = mutes_name(runtime.environment.name)
    try:
        stored = decode(within(READ_S, lambda: runtime.store.read(name)))
        held, refused = holding(stored, now)
    except Exception as error:  # noqa: BLE001 - the boundary: a mute is never worth a run
        return Stored(notes=(f"the stored mutes could not be read, none holds: {error}",))
    more = len(refused) - MOST_REFUSED
    told = (*refused[:MOST_REFUSED], *((f"and {more} more",) if more > 0 else ()))
    return Stored(mutes=held, notes=tuple(f"a stored mute does not hold: {why}" for why in told))


def _diagnose(
    results: tuple[Result, ...],
    state: PlatformState,
    environment: Environment,
    before: PlatformState | None,
    now: dt.datetime,
    baselines: Baselines,
    seconds: float,
) -> Explanation:
    """Diagnose within `seconds`; raises TimeoutError where that was not enough."""
    from canary.diagnose import diagnose  # a third of all our code, for runs that found a fault
    from canary.diagnose.core.slices import Slices
    from canary.diagnose.plugged import plugged_rules
    from canary.diagnose.rules import RULES

    more, problems = plugged_rules()
    slices = Slices(cut_after, min(RULE_S, seconds / 2))
    given = results, state, environment, before, now, baselines, slices, (*RULES, *more)
    found = cut_after(seconds, lambda: diagnose(*given))
    return msgspec.structs.replace(found, notes=(*found.notes, *problems))


def _refresh(
    runtime: Runtime, state: PlatformState, failed: Failed, seconds: float
) -> PlatformState:
    clients, redact = runtime.clients, runtime.redactor.known
    return refresh_failing(
        clients, runtime.environment, state, failed.services, redact, failed, seconds
    )


def _audit(runtime: Runtime, asked: write_calls.Asked, seconds: float) -> Audit:
    """Read CloudTrail; what came by the end of the time is kept."""
    reader = write_calls.WriteCalls(runtime.clients, runtime.environment)
    with contextlib.suppress(TimeoutError):
        within(seconds, lambda: reader.read(asked))
    return reader.audit()
