"""A container of a task: its process, its output, its health and its end."""

from __future__ import annotations

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from emulator.ecs import loglines
from emulator.ecs.containers import memory, process, program
from emulator.ecs.containers.check import Check
from emulator.ecs.containers.health import ContainerHealth, Prober
from emulator.ecs.definition import ContainerDefinition
from emulator.ecs.images import Image

PENDING, RUNNING, STOPPED = "PENDING", "RUNNING", "STOPPED"
KILL_AFTER_S = 2.5
KILL_BY_NEED_S = 0.5  # a program that needs more memory than there is runs for this long
OOM_REASON = "OutOfMemoryError: Container killed due to memory usage"


@dataclass(frozen=True)
class Launch:
    """What a container needs to start: image, variables, address, log folder, limit, speed."""

    image: Image
    variables: dict[str, str]
    address: str
    log_dir: Path
    task_id: str
    architecture: str
    memory_mib: int
    speed: float


class Container:
    """One container, from PENDING over RUNNING to STOPPED."""

    def __init__(self, definition: ContainerDefinition) -> None:
        self.definition = definition
        self.status = PENDING
        self.exit_code: int | None = None
        self.reason = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._health: ContainerHealth | None = None
        self._tail: loglines.LogTail | None = None
        self._kill_at = 0.0  # when it ends for the memory that its program needs
        self._kills_at = 0.0  # when it is killed after SIGTERM

    @property
    def pid(self) -> int:
        """Return the process id, 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def failed_to_start(self) -> bool:
        """Return whether its program could not be started."""
        return self.status == STOPPED and self.exit_code is None

    @property
    def health_status(self) -> str:
        """Return UNKNOWN, HEALTHY or UNHEALTHY."""
        running = self.status == RUNNING and self._health is not None
        return self._health.status if running and self._health else "UNKNOWN"

    def start(self, given: Launch) -> None:
        """Start the program; afterwards the container is RUNNING, or STOPPED with a reason."""
        name = self.definition.name
        path = given.log_dir / f"task-{name}-{given.task_id}.log"
        path.touch()
        self._tail = loglines.LogTail(path, self.definition.log, name, given.task_id)
        self._tail.open()
        arguments = given.image.arguments(self.definition.entry_point, self.definition.command)
        self.status = RUNNING
        if given.image.architecture not in ("", given.architecture):
            self._ended_at_once(path, f"exec {arguments[0]}: exec format error\n")
            return
        try:
            self._process = program.start(arguments, given.variables, given.image.folder, path)
        except program.UnloadableError as error:
            self._ended_at_once(path, str(error))
            return
        except program.CannotStartError as error:
            self.status, self.reason = STOPPED, str(error)
            return
        if given.memory_mib and given.memory_mib < given.image.needs(arguments):
            self._kill_at = time.monotonic() + KILL_BY_NEED_S
        if self.definition.health_check is not None:
            check = Check(
                self.definition.health_check, given.address, given.variables, given.log_dir
            )
            self._health = ContainerHealth(check, given.speed)

    def _ended_at_once(self, log: Path, text: str) -> None:
        log.write_text(text)
        self.exit_code = 1

    def watch(self, prober: Prober | None) -> None:
        """Ship its output, see whether it ended, and check its health while prober is given."""
        if self.status != RUNNING:
            return
        if self._tail is not None:
            self._tail.ship()
        if self._kill_at and time.monotonic() > self._kill_at:
            self.kill_for_memory()
        if self._process is not None:
            self.exit_code = process.exit_code(self._process)
        if self.exit_code is not None:
            self.finish()
        elif self._health is not None and prober is not None:
            self._health.step(prober)

    def memory_mib(self, more_than: int) -> float:
        """Return the memory that its processes take, as far as it may be more than a number."""
        if self.status != RUNNING or not self.pid:
            return 0.0
        return memory.taken_mib(process.family(self.pid), more_than)

    def kill_for_memory(self) -> None:
        """Kill it as the kernel does when its memory has run out."""
        if self._process is not None and self._process.poll() is None:
            self.reason = OOM_REASON
            process.signal_group(self._process, signal.SIGKILL)

    def listening(self) -> set[int]:
        """Return the TCP ports on which it listens."""
        return process.listening(self.pid) if self.pid and self.status == RUNNING else set()

    def end(self) -> None:
        """Ask it to end, and kill it when it has not after a while; call it repeatedly."""
        if self._process is None:
            return
        if not self._kills_at:
            self._kills_at = time.monotonic() + KILL_AFTER_S
            process.signal_group(self._process, signal.SIGTERM)
        elif time.monotonic() >= self._kills_at:
            process.signal_group(self._process, signal.SIGKILL)

    def finish(self) -> None:
        """Kill what it may have left, keep its exit code and ship its last lines."""
        if self.status == STOPPED:
            return
        if self._process is not None:
            process.signal_group(self._process, signal.SIGKILL)
            self._process.wait()
            self.exit_code = process.exit_code(self._process)
        if self._tail is not None:
            self._tail.ship(last=True)
        if self.exit_code != 128 + signal.SIGKILL:
            self.reason = ""  # it ended by itself before it was killed
        self.status = STOPPED
