"""A thread that starts and stops tasks until every service is as it is defined."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emulator import supervisor
from emulator.aws.endpoint import Endpoint
from emulator.ecs import moto_ecs, records, registration, run_task
from emulator.ecs.containers.credentials import CredentialsEndpoint
from emulator.ecs.containers.health import Prober
from emulator.ecs.containers.process import Surroundings
from emulator.ecs.images import Image
from emulator.ecs.rollouts import kinds
from emulator.ecs.run_task import SingleTasks
from emulator.ecs.service import ServiceScheduler
from emulator.ecs.task import Task
from emulator.ecs.task_runtime import TaskRuntime
from emulator.network.network import Network

STEP_S = 0.2
KEEP_STOPPED_S = 3600.0
RESET_TIMEOUT_S = 30.0
NOTICE_TIMEOUT_S = 10.0
log = logging.getLogger(__name__)


class Agent:
    """Runs the tasks of every service of the emulator.

    repositories holds the images of the account's registry. Tasks trust the certificates in
    ca_bundle (by default `ca.pem` beside the log folder); their processes carry the mark twin.
    The network must have been started.
    """

    def __init__(
        self,
        aws: Endpoint,
        log_dir: Path,
        speed: float,
        network: Network,
        *,
        repositories: Mapping[str, Image] | None = None,
        ca_bundle: Path | None = None,
        twin: str = "",
    ) -> None:
        moto_ecs.install()
        run_task.install()
        self._aws, self._log_dir, self._speed, self._network = aws, log_dir, speed, network
        self._repositories = repositories or {}
        self._ca_bundle = ca_bundle or log_dir.parent / "ca.pem"
        self._twin = twin or supervisor.twin_id()
        self._schedulers: dict[str, ServiceScheduler] = {}
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._reset = threading.Event()
        self._wake = threading.Event()
        self._stepped = threading.Condition()
        self._steps = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start to run the services' tasks, for the first time or again after `stop`."""
        parts = urlsplit(self._aws.url)
        if parts.hostname and parts.port:
            self._network.serve_api((parts.hostname, parts.port))
        credentials = CredentialsEndpoint(self._aws)
        self._network.let_through(credentials.place)
        surroundings = Surroundings(
            network=self._network.question_address,
            aws_url=self._aws.url,
            speed=self._speed,
            ca_bundle=str(self._ca_bundle) if self._ca_bundle.exists() else "",
            twin=self._twin,
        )
        self._log_dir.mkdir(parents=True, exist_ok=True)
        self._stop.clear()
        self._runtime = TaskRuntime(
            surroundings,
            self._repositories,
            Prober(),
            self._log_dir,
            credentials,
        )
        self._singles = SingleTasks(self._runtime)
        self._thread = threading.Thread(target=self._run, name="ecs-agent", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End every task and the thread."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(RESET_TIMEOUT_S)
            self._runtime.close()
            self._thread = None

    def reset(self) -> None:
        """Stop every task and start all services again; return when that is done.

        Call it after the services' records were restored. It removes targets, instances, task
        records and interfaces of earlier tasks. A stopped agent removes them and starts nothing.
        """
        if self._thread is None:
            self._begin_anew()
            return
        self._reset.set()
        self._wake.set()
        deadline = time.monotonic() + RESET_TIMEOUT_S
        while self._reset.is_set() and time.monotonic() < deadline:
            time.sleep(0.02)

    def steady(self) -> bool:
        """Return whether every service is stable: at its desired count, or failing repeatedly."""
        if self._reset.is_set():
            return False
        with self._lock:
            services = dict(moto_ecs.backend().services)
            if not set(services) <= set(self._schedulers):
                return False
            if not self._singles.settled():
                return False
            return all(self._schedulers[key].settled(service) for key, service in services.items())

    def notice(self) -> None:
        """Wait until the agent has examined every service after this call, or is stopped."""
        with self._stepped:
            seen = self._steps + 2  # one step may be under way, and have looked before
            while self._steps < seen and not self._stop.is_set():
                self._wake.set()
                if not self._stepped.wait(NOTICE_TIMEOUT_S):
                    return

    def tasks(self) -> dict[str, list[Task]]:
        """Return the tasks that live, by service name."""
        with self._lock:
            return {
                key.partition(":")[2]: scheduler.fleet.alive
                for key, scheduler in self._schedulers.items()
            }

    def processes(self) -> dict[str, dict[str, Any]]:
        """Return the newest task of each service: pid, port and address by the service's name."""
        return {
            service: {
                "pid": tasks[-1].pid,
                "port": tasks[-1].definition.port,
                "address": tasks[-1].address,
            }
            for service, tasks in self.tasks().items()
            if tasks
        }

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                if self._reset.is_set():
                    self._begin_anew()
                    self._reset.clear()
                self._step()
            with self._stepped:
                self._steps += 1
                self._stepped.notify_all()
            self._wake.wait(STEP_S)
            self._wake.clear()
        with self._lock:
            self._end_all()

    def _step(self) -> None:
        services = dict(moto_ecs.backend().services)
        for key in [key for key in self._schedulers if key not in services]:
            self._end(self._schedulers.pop(key))
        for key, service in services.items():
            known = self._schedulers.get(key)
            scheduler = self._schedulers[key] = kinds.scheduler(known, self._runtime, service)
            try:
                scheduler.step(service)
            except Exception:
                log.exception("service %s", key)
        self._singles.step()
        self._count_clusters(services)
        self._forget_old()

    def _count_clusters(self, services: dict[str, Any]) -> None:
        for cluster in list(moto_ecs.backend().clusters.values()):
            mine = [s for s in services.values() if s.cluster_name == cluster.name]
            alone = [t for t in self._singles.tasks if t.record.cluster_name == cluster.name]
            running = len([t for t in alone if t.started])
            cluster.running_tasks_count = running + sum(s.running_count for s in mine)
            cluster.pending_tasks_count = len(alone) - running + sum(s.pending_count for s in mine)
            cluster.active_services_count = len([s for s in mine if s.status == "ACTIVE"])

    def _forget_old(self) -> None:
        """Drop stopped tasks an hour after their end."""
        now = moto_ecs.now()
        for tasks in moto_ecs.backend().tasks.values():
            for arn, task in list(tasks.items()):
                ended = getattr(task, "stopped_at", None)
                if ended is not None and (now - ended).total_seconds() > KEEP_STOPPED_S:
                    del tasks[arn]

    def _end(self, scheduler: ServiceScheduler) -> None:
        for task in scheduler.fleet.tasks:
            task.deregister()
            task.close("ServiceSchedulerInitiated", "Service deleted")
        scheduler.fleet.tasks.clear()

    def _end_all(self) -> None:
        if self._thread is not None:
            self._singles.end_all()
        for scheduler in self._schedulers.values():
            with contextlib.suppress(Exception):  # the records may be gone; processes must go too
                self._end(scheduler)
        self._schedulers.clear()

    def _begin_anew(self) -> None:
        self._end_all()
        services = list(moto_ecs.backend().services.values())
        records.remove_all({service.name for service in services})
        for service in services:
            for group in kinds.groups_of(service):
                registration.clear_targets(group)
            for registry in service.service_registries:
                registration.clear_instances(str(registry.get("registryArn")))
