"""Start the balancer process and exchange messages with it."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

Json = dict[str, Any]
Served = tuple[str, int]  # address and port on this machine
Place = tuple[str, int]  # balancer's ARN, listener's port
INTERNET, INSIDE = "internet", "inside"  # the doors that every listener has

START_S = 45.0  # on a busy machine; an idle one needs half a second
STOP_S = 3.0
_ROOT = Path(__file__).resolve().parents[2]
log = logging.getLogger(__name__)


class BalancerError(Exception):
    """The balancer process did not start, or is gone; its log says why."""


class Balancer:
    """Starts the process, sends snapshots, and passes on its messages.

    on_health, on_request and on_firewall get one message each, from a thread of this handle; a
    health message comes at each change of a verdict and after each probe.
    """

    def __init__(
        self,
        log_dir: Path,
        on_health: Callable[[Json], None],
        on_request: Callable[[Json], None],
        on_firewall: Callable[[Json], None] = lambda _: None,
    ) -> None:
        self._log = log_dir / "balancer.log"
        self._on_health, self._on_request = on_health, on_request
        self._on_firewall = on_firewall
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._said = threading.Condition()
        self._ready = False
        self._published: Json = {}
        self._published_at = 0.0
        self._serial = 0
        self._applied = -1
        self._doors: dict[Place, dict[str, Served]] = {}
        self._kept: dict[Place, dict[str, int]] = {}
        self._standing: dict[tuple[str, str, int], float | None] = {}

    @property
    def edge_ports(self) -> dict[Place, Served]:
        """Return where each open listener is served for the internet."""
        return {place: doors[INTERNET] for place, doors in self.doors.items()}

    @property
    def doors(self) -> dict[Place, dict[str, Served]]:
        """Return where each open listener is served for each client, by the client's name."""
        with self._said:
            return dict(self._doors)

    def inside(self, served: Served) -> Served:
        """Return where the VPC's own clients reach the listener that is served at a place."""
        for doors in self.doors.values():
            if served in doors.values():
                return doors[INSIDE]
        return served

    def port_of(self, served: Served) -> int | None:
        """Return the port of the listener that is served at a place, or None."""
        for (_, port), doors in self.doors.items():
            if served in doors.values():
                return port
        return None

    @property
    def pid(self) -> int | None:
        """Return the process' id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the process, or restart it; raises BalancerError.

        To be called from a thread that lives as long as the twin: the kernel ends the process
        with the thread that started it.
        """
        self._ready, self._applied = False, -1
        with self._log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "emulator.balancer"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                process_group=0,
            )
        self._listener = threading.Thread(
            target=self._listen, args=(self._process,), name="balancer", daemon=True
        )
        self._listener.start()
        if not self._wait(lambda: self._ready, START_S):
            raise BalancerError(f"the balancer did not start, see {self._log}")
        if self._published:
            self.publish(self._published)

    def publish(self, snapshot: Json) -> int:
        """Send a snapshot and return its serial; raises BalancerError."""
        process = self._process
        if process is None or process.stdin is None:
            raise BalancerError("the balancer is not started")
        self._serial = int(snapshot.get("serial", self._serial + 1))
        self._published = {**snapshot, "serial": self._serial}
        self._published_at = time.monotonic()
        sent = {**self._published, "balancers": self._with_ports(snapshot)}
        try:
            process.stdin.write(msgspec.json.encode(sent) + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise BalancerError(f"the balancer is gone, see {self._log}") from error
        return self._serial

    def applied(self, timeout_s: float = 5.0) -> bool:
        """Wait until the last snapshot is served; False if that takes longer."""
        return self._wait(lambda: self._applied == self._serial, timeout_s)

    def steady(self, after: float | None = None) -> bool:
        """Return whether the last snapshot is served and every target has a verdict that is newer.

        after (seconds of time.monotonic) asks for verdicts from probes that began later than it:
        for changes that are none of the control plane, such as a process that was killed.
        """
        with self._said:
            if self._applied != self._serial:
                return False
            since = max(after or 0.0, self._published_at)
            return all(
                (self._standing.get(key) or 0.0) >= since for key in _probed(self._published)
            )

    def stop(self) -> None:
        """End the process; returns when it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._listener is not None:
            self._listener.join(STOP_S)

    def _with_ports(self, snapshot: Json) -> list[Json]:
        """Return the balancers with the ports they had, so that a restart changes none."""
        return [
            {
                **one,
                "listeners": [
                    {**each, "edge_ports": self._kept.get((one["arn"], int(each["port"])), {})}
                    for each in one.get("listeners", [])
                ],
            }
            for one in snapshot.get("balancers", [])
        ]

    def _wait(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        with self._said:
            return self._said.wait_for(lambda: holds() or self.pid is None, timeout_s) and holds()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                self._take(msgspec.json.decode(line))
            except Exception:
                log.exception("a message of the balancer could not be taken")
        process.stdout.close()
        process.wait()
        with self._said:
            self._said.notify_all()

    def _take(self, message: Json) -> None:
        kind = message["kind"]
        if kind == "request":
            self._on_request(message)
        elif kind == "firewall":
            self._on_firewall(message)
        elif kind == "health":
            key = (message["target_group"], message["id"], message["port"])
            with self._said:
                self._standing[key] = message["standing_since"]
            self._on_health(message)
        elif kind == "refused":
            log.error("the balancer refused a snapshot: %s", message["reason"])
        else:
            with self._said:
                self._note(message)
                self._said.notify_all()

    def _note(self, message: Json) -> None:
        if message["kind"] == "ready":
            self._ready = True
            return
        self._applied = message["serial"]
        self._doors = {}
        for one in message["listeners"]:
            place, door = (one["balancer"], one["port"]), one["door"]
            self._doors.setdefault(place, {})[door] = (one["address"], one["edge_port"])
            self._kept.setdefault(place, {})[door] = one["edge_port"]


def _probed(snapshot: Json) -> list[tuple[str, str, int]]:
    """Return the targets of a snapshot that are probed."""
    return [
        (group["arn"], target["id"], int(target["port"]))
        for group in snapshot.get("target_groups", [])
        if group.get("in_use", True)
        for target in group.get("targets", [])
        if not target.get("draining") and target.get("enabled", True)
    ]
