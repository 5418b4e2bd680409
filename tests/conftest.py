"""How the tests share processes: a file stays together, and so do those that share a twin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.support.twin import RunningTwin

SHARE_A_TWIN = ("tests/emulator/", "tests/sandbox/")


def group(item: pytest.Item) -> str:
    """Return the name of what must run in one process with this test.

    A fixture of the session is made once in each process; twins and deployments cost too much
    for that.
    """
    names = getattr(item, "fixturenames", ())
    module = item.nodeid.partition("::")[0]
    if module.startswith(SHARE_A_TWIN) and "twin" in names:
        return "sandbox-twin"
    if module.startswith("tests/infra/") and {"deployed", "template"} & set(names):
        return "infra"
    return module


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every test into its group; without several workers this changes nothing."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group(item)))


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningTwin]:
    """A twin that all tests of the session share; leave it as you found it."""
    from tests.sandbox.support.twin import RunningTwin  # most runs need no AWS client

    running = RunningTwin(tmp_path_factory.mktemp("twin") / "state.json")
    yield running
    running.stop()


@pytest.fixture
def healthy_twin(twin: RunningTwin) -> Iterator[RunningTwin]:
    """The shared twin; every test that breaks it has it healed afterwards."""
    yield twin
    twin.heal()
