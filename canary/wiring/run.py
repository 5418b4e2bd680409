"""Makes the parts of a run out of the adapters, once for the function and the command line."""

from __future__ import annotations

import datetime as dt
import functools
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from canary.adapters.aws.clients import Clients
from canary.adapters.aws.secrets import Secrets
from canary.adapters.clock import SystemClock
from canary.adapters.http_client.client import HttpClient
from canary.adapters.store.open_store import open_store
from canary.adapters.store.protocol import Store, latest_name, run_name
from canary.adapters.store.unstored_runs import UnstoredRuns
from canary.attempts import Attempts
from canary.comparison.previous import Previous, read_previous
from canary.control_plane.state import PlatformState
from canary.metrics import measure
from canary.model import Config, Environment, Explanation, Frozen, Report, Result
from canary.model.schedule import schedule_period
from canary.observe import observe, refresh_failing
from canary.pipeline import Parts
from canary.probes import KINDS
from canary.publish import Emit, Keep, Published, Say, Sinks, effects, publish
from canary.redaction.redactor import Redactor
from canary.report import json as canonical
from canary.runner import Doors
from canary.wiring import shown

T = TypeVar("T")

STORE_S = 3.0
"""Seconds for one call of the store; where packets are dropped boto3 would wait for ten."""
STORE_HUNG_S = 0.3
"""The same, once it hung in this run: what it would have taken stands in the log."""
NO_POINTS: tuple[measure.Point, ...] = ()
TELL_S = 8.0
"""Seconds for all messages of a run, and for the pages of the latest one."""


class World(Frozen, frozen=True, kw_only=True):
    """What stays between runs of one process: clients, secrets and the store."""

    config: Config
    clients: Clients
    secrets: Secrets
    store: Store
    unstored: UnstoredRuns
    redactor: Redactor
    clock: SystemClock

    @property
    def environment(self) -> Environment:
        """Return the environment that this is the world of."""
        return self.config.environment


def world(config: Config, store: str) -> World:
    """Make everything that reaches outside, without reaching outside yet."""
    without_core_files()
    clients = Clients(config.environment)
    clock = SystemClock()
    return World(
        config=config,
        clients=clients,
        secrets=Secrets(
            functools.partial(clients.client, "secretsmanager"), config.environment, clock
        ),
        store=open_store(store, functools.partial(clients.client, "s3")),
        unstored=UnstoredRuns(config.environment.name),
        redactor=Redactor(),
        clock=clock,
    )


def without_core_files() -> None:
    """Let a crash of this process leave no file behind: its memory holds every key of the run."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def parts(made: World) -> Parts:
    """Return what a run is made of."""
    environment = made.environment
    doors = Doors(
        environment=environment,
        http=functools.partial(HttpClient.for_environment, environment),
        clock=made.clock,
        credential=made.secrets.credential,
        forget_credential=made.secrets.forget,
        observe=lambda: observe(made.clients, environment),
        redactor=made.redactor,
    )
    return Parts(
        kinds=KINDS,
        doors=doors,
        previous=lambda: previous(made),
        deepen=lambda state, failing: refresh_failing(
            made.clients, environment, state, failing, made.redactor.text
        ),
        diagnose=_diagnose,
        within=within,
    )


def previous(made: World) -> Previous:
    """Return the previous report; runs that were lost since are part of the note."""
    name = latest_name(made.environment.name)
    found = read_previous(lambda: within(STORE_S, lambda: made.store.read(name)), canonical.load)
    lost = made.unstored.pop()
    if not lost:
        return found
    note = f"the reports of earlier runs could not be stored: {', '.join(lost)}"
    return Previous(report=found.report, note="; ".join(n for n in (found.note, note) if n))


def _diagnose(
    results: tuple[Result, ...],
    state: PlatformState,
    environment: Environment,
    before: PlatformState | None,
    now: dt.datetime,
) -> Explanation:
    from canary.diagnose import diagnose  # a third of all our code, for runs that found a fault

    return diagnose(results, state, environment, before, now)


def within(seconds: float, action: Callable[[], T]) -> T:
    """Return the action's value; raises TimeoutError when it takes longer, leaving it behind."""
    found: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            found.append(action())
        except Exception as error:  # noqa: BLE001 - carried over to the waiting thread
            failed.append(error)

    thread = threading.Thread(target=work, name="within", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError(f"not done within {seconds:.1f} s")
    return found[0]


class Patience:
    """Waits for the store, and for little once it hung: one silence costs its time only once."""

    def __init__(self) -> None:
        self._hung = False

    def wait(self, seconds: float, action: Callable[[], T]) -> T:
        """Return what the action gives within the time; raise TimeoutError."""
        try:
            return within(STORE_HUNG_S if self._hung else seconds, action)
        except TimeoutError:
            self._hung = True
            raise


def leave_behind(
    made: World,
    report: Report,
    *,
    latest: bool,
    emit: Callable[[Emit], None],
    say: Callable[[Say], None],
    whole: Callable[[str, str], None],
    notify: Callable[[Report], Iterable[str]],
) -> Published:
    """Publish a report: metrics, log, store, messages."""
    patience = Patience()
    store, latest_report = made.store, latest_name(made.environment.name)
    every_s = schedule_period(made.environment.schedule.expression)

    def keep(effect: Keep) -> None:
        write = store.put_if_absent if effect.once else store.write
        patience.wait(STORE_S, lambda: write(effect.name, effect.data))

    sinks = Sinks(
        keep=keep,
        page=lambda report: patience.wait(STORE_S, lambda: _keep_page(made, report)),
        point=lambda data: patience.wait(STORE_S, lambda: store.set_latest(latest_report, data)),
        latest_pages=lambda report: patience.wait(
            TELL_S, lambda: shown.keep_latest(store, report, every_s)
        ),
        emit=emit,
        say=say,
        whole=whole,
        notify=lambda report: patience.wait(TELL_S, lambda: tuple(notify(report))),
    )
    data = canonical.render(report).encode()
    attempts = Attempts()  # without metrics the heartbeat is missed, and the report is kept
    points = attempts.of("nothing could be measured", lambda: measure.measure(report), NO_POINTS)
    done = publish(effects(report, data, points, latest=latest), sinks)
    done.problems += attempts.notes
    if not done.kept:
        made.unstored.remember(report.run.id)
    return done


def _keep_page(made: World, report: Report) -> None:
    from canary.report import html  # Jinja2 costs a cold start, and most runs need no page

    made.store.write(run_name(report.run.id, ".html"), html.render(report).encode())
