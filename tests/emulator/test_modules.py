"""Moto's folders are read once."""

from __future__ import annotations

import os
from pathlib import Path

import moto
from moto import backends

from emulator.aws import modules


def test_the_folders_are_those_of_moto_and_are_not_read_again() -> None:
    folder = Path(moto.__file__).parent
    there = {e.name for e in os.scandir(folder) if e.is_dir() and not e.name.startswith("__")}
    modules.install()
    first = backends.list_of_moto_modules()
    assert first == there
    assert {"ec2", "ecs", "elbv2", "iam"} <= there
    modules.install()
    assert backends.list_of_moto_modules() is first
