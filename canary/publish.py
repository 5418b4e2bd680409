"""Publish a run: metrics when its checks are judged; report, messages and pages at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import msgspec

from canary.adapters.deadlines import within
from canary.adapters.store.protocol import Store, StoreError, latest_name, run_name
from canary.alarms.published import selection_of
from canary.metrics.measure import Point, measure, measure_explained, state_lost
from canary.metrics.profile import EVERYTHING, Selection
from canary.model import Config, Profile, Report, Run
from canary.model.schedule import schedule_period
from canary.report import json as canonical
from canary.report.summary import summary
from canary.wiring.run import Runtime
from canary.wiring.states import keep_changes, keep_state

T = TypeVar("T")

STORE_S = 3.0
"""Seconds for one call of the store; where packets are dropped boto3 would wait for ten."""
STORE_HUNG_S = 0.3
"""Seconds for a call of the store after one timed out in this run; the log takes what is lost."""
LAST_S = 8.0
"""Seconds for all messages of a run, and for the pages of the latest one."""

Emit = Callable[[Iterable[Point], Run], None]
"""Publishes metrics of a run."""
Notify = Callable[[Report], Iterable[str]]
"""Report -> the problems of messages and events that could not be sent."""


class RunLog(Protocol):
    """The log as publishing needs it."""

    def event(self, message: str, **fields: Any) -> None:
        """Write one event."""
        ...

    def whole(self, message: str, text: str, **fields: Any) -> None:
        """Write a long text completely."""
        ...


class Published(msgspec.Struct, kw_only=True):
    """Which parts of a run were published, and the problems of the others."""

    problems: list[str] = msgspec.field(default_factory=list)
    emitted: bool = False
    stored: bool = False  # the report is in the store
    logged: bool = False  # the report is in the log instead
    latest: bool = False  # the report is the latest one
    failed: bool = False  # some part was not published
    selection: Selection | None = None  # the metrics of this environment, once they were chosen

    @property
    def anywhere(self) -> bool:
        """Return whether anybody can learn of this run at all."""
        return self.stored or self.logged or self.emitted

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Publish one part: where it fails, note the problem and go on with the next part."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the boundary: a failure costs its own part
            self.failed = True
            what = f"{type(error).__name__}: {error}"
            if isinstance(error, OSError) and error.filename:
                what = f"{error.filename}: {error.strerror}"
            self.problems.append(f"{name}: {what}")


class StoreTimeout:
    """Apply a short time-out to the store after its first time-out in a run."""

    def __init__(self) -> None:
        self._hung = False

    def call(self, seconds: float, action: Callable[[], T]) -> T:
        """Return the action's value; raises TimeoutError when it takes longer."""
        try:
            return within(STORE_HUNG_S if self._hung else seconds, action)
        except TimeoutError:
            self._hung = True
            raise


def publish_metrics(judged: Report, emit: Emit, done: Published, config: Config) -> None:
    """Emit what wakes people, heartbeat included, before the failures of a run are explained.

    Where it fails the heartbeat is missing, which has its own alarm, and the report is kept.
    """
    selection = _selected(config, done)
    with done.part("metrics"):
        emit(measure(judged, selection), judged.run)
        done.emitted = True


def _selected(config: Config, done: Published) -> Selection:
    """Return the metrics of an environment, chosen once a run; every one where that fails.

    A metric too many costs cents, and without its metrics a run wakes nobody.
    """
    if done.selection is None:
        done.selection = EVERYTHING
        with done.part("choice of metrics"):
            done.selection = selection_of(config)
    return done.selection


def publish_report(
    runtime: Runtime,
    report: Report,
    done: Published,
    *,
    latest: bool,
    emit: Emit | None = None,
    log: RunLog | None = None,
    notify: Notify | None = None,
) -> None:
    """Publish an explained report: last metrics, log, store, messages, pages.

    `latest`: the report covers the whole environment. The command line has a store alone.
    """
    store, timeout = runtime.store, StoreTimeout()
    run, kept = report.run, report
    if emit is not None:
        selection = _selected(runtime.config, done)
        with done.part("metrics"):
            emit(measure_explained(report, selection), run)
    if log is not None:
        with done.part("log"):
            log.event("run finished", **summary(report))
    with done.part("state"):
        kept = timeout.call(STORE_S, lambda: keep_state(store, report))
    data = canonical.render(kept).encode()
    with done.part("report"):
        timeout.call(STORE_S, lambda: store.put_if_absent(run_name(run.id), data))
        done.stored = True
    if not done.stored:
        runtime.unstored.remember(run.id)
        if log is not None:
            with done.part("log"):  # nothing is lost: the log takes what the store refused
                log.whole("report that could not be stored", data.decode(), run_id=run.id)
                done.logged = True
    if latest:
        _publish_latest(runtime, report, data, done, timeout, notify)
        if emit is not None and not done.latest:
            _tell_lost(runtime, report, done, emit)


def _tell_lost(runtime: Runtime, report: Report, done: Published, emit: Emit) -> None:
    """Publish that a run is not the latest one: the next sees an older past, no window fills."""
    with done.part("metrics"):
        emit(state_lost(report, _selected(runtime.config, done)), report.run)


def _publish_latest(
    runtime: Runtime,
    report: Report,
    data: bytes,
    done: Published,
    timeout: StoreTimeout,
    notify: Notify | None,
) -> None:
    """Make a report the latest one, send its messages and write the pages."""
    store = runtime.store
    if report.comparison.transitions:  # an unchanged run shows nothing beyond the latest page
        with done.part("page"):
            timeout.call(STORE_S, lambda: publish_page(store, report))
    with done.part("latest report"):
        name = latest_name(report.run.environment)
        done.latest = timeout.call(STORE_S, lambda: store.set_latest(name, data))
        if not done.latest:
            done.problems.append("a newer run is the latest one, this run is kept beside it")
    if notify is not None:
        with done.part("messages"):
            done.problems += timeout.call(LAST_S, lambda: tuple(notify(report)))
    if done.latest:
        with done.part("changes"):
            done.problems += timeout.call(STORE_S, lambda: keep_changes(store, report))
        with done.part("latest pages"):
            every_s = schedule_period(runtime.environment.schedule.expression)
            done.problems += timeout.call(
                LAST_S,
                lambda: publish_latest_pages(
                    store,
                    report,
                    every_s,
                    runtime.environment.profile,
                    runtime.environment.slo,
                ),
            )


def publish_followed(
    runtime: Runtime, report: Report, done: Published, *, log: RunLog, notify: Notify
) -> None:
    """Publish a run that followed a change: report, page and messages.

    It gives no metric and is never the latest one: windows, heartbeat and comparison are those of
    the schedule's runs.
    """
    publish_report(runtime, report, done, latest=False, log=log)
    with done.part("page"):
        within(STORE_S, lambda: publish_page(runtime.store, report))
    with done.part("messages"):
        done.problems += within(LAST_S, lambda: tuple(notify(report)))


def publish_page(store: Store, report: Report) -> None:
    """Write the page of one run."""
    from canary.report import html  # Jinja2 costs a cold start, and most runs need no page

    store.write(run_name(report.run.id, ".html"), html.render(report).encode())


def publish_latest_pages(
    store: Store,
    report: Report,
    every_s: int = 0,
    profile: Profile = Profile.FULL,
    slo: float = 99.9,
) -> tuple[str, ...]:
    """Write every page of the latest run and return the problems; never raises StoreError.

    `every_s` is the period of the schedule, `slo` the goal of the error budget in percent. After
    the first refusal of the store the pages stay as they are: one denied request must not start a
    month of history anew.
    """
    from canary.report import pages  # Jinja2 costs a cold start; messages are out by now

    try:
        archived = store.read(pages.archive_name(report.run.environment))
        indexed = store.read(pages.INDEX)
        made = pages.pages(report, archived, indexed, every_s=every_s, profile=profile, slo=slo)
        for name, text in made.files.items():
            store.write(name, text.encode())
    except StoreError as error:
        return (f"pages are left as they were: {error}",)
    return made.notes
