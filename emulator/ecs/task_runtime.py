"""What all tasks of an agent need to start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulator.ecs.containers.credentials import CredentialsEndpoint
from emulator.ecs.containers.health import Prober
from emulator.ecs.containers.process import Surroundings
from emulator.ecs.images import Image


@dataclass(frozen=True)
class TaskRuntime:
    """The machine's surroundings, the images, the prober, a folder for logs, and credentials."""

    surroundings: Surroundings
    repositories: Mapping[str, Image]
    prober: Prober
    log_dir: Path
    credentials: CredentialsEndpoint

    def close(self) -> None:
        """Stop to probe, and to give credentials."""
        self.prober.close()
        self.credentials.close()
