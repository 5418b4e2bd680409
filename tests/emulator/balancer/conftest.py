"""One balancer process and one thread of targets for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator.support import faulty_targets as faulty
from tests.emulator.support.balancer_rig import Rig, running


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with running(tmp_path_factory.mktemp("balancer")) as one:
        yield one


@pytest.fixture(scope="module")
def targets() -> Iterator[faulty.Targets]:
    with faulty.targets() as running_targets:
        yield running_targets
