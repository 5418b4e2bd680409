"""What all tasks of an agent need to start."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.ecs.containers.health import Prober
from emulator.ecs.containers.process import Surroundings
from emulator.ecs.images import Image


@dataclass(frozen=True)
class TaskRuntime:
    """The machine's surroundings, the images, the prober, a folder for logs, and the AWS API."""

    surroundings: Surroundings
    repositories: Mapping[str, Image]
    prober: Prober
    log_dir: Path
    aws: Any

    def credentials(self, role: str, task_id: str) -> dict[str, str]:
        """Return the environment variables of a session of the task role."""
        if not role:
            return {}
        with contextlib.suppress(Exception):  # no such role: the task has no credentials
            given = self.aws.client("sts").assume_role(RoleArn=role, RoleSessionName=task_id)
            keys = given["Credentials"]
            return {
                "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                "AWS_SESSION_TOKEN": keys["SessionToken"],
            }
        return {}
