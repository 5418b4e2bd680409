"""How the tests share processes: a file stays together, and so do tests that share a twin."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.support.twin import RunningTwin

TWIN = "sandbox-twin"
SHARE_A_TWIN = ("tests/emulator/", "tests/sandbox/")
# Groups that take long, the longest first: a group that starts last would keep one process busy
# while the others have nothing to do. All other groups follow in the order of their files.
LONGEST = (
    "live-0",
    "live-1",
    "worlds-0",
    "worlds-1",
    "tests/canary/diagnose/test_quiet_platforms.py",
    "tests/canary/test_crashes.py",
    "deployed",
    "tests/canary/test_never_silent.py",
    TWIN,
    "tests/infra/test_documented_commands.py",
    "tests/infra/test_spread_deployed.py",
    "template",
    "tests/infra/test_bundle.py",
    "tests/infra/test_template_rules.py",
    "tests/canary/cli/test_gate_machine.py",
)


def group(item: pytest.Item) -> str:
    """Return the name of what must run in one process with this test.

    A fixture of the session is made once in each process; twins and deployments cost too much
    for that.
    """
    names = getattr(item, "fixturenames", ())
    module = item.nodeid.partition("::")[0]
    if module.startswith(SHARE_A_TWIN) and "twin" in names:
        return TWIN
    if module.startswith("tests/canary/probes/") and "mlflow" in names:
        return "mlflow"
    if module.startswith("tests/infra/"):
        return next((name for name in ("deployed", "template") if name in names), module)
    return module


def place(item: pytest.Item) -> int:
    """Return where a test's group stands among the longest ones."""
    marker = item.get_closest_marker("xdist_group")
    name = marker.args[0] if marker else ""
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every test into its group, and long groups first.

    What shares a twin is slow: the twin alone takes a fifth of the time of `make test`.
    """
    for item in items:
        if group(item) == TWIN:
            item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group(item)))
    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def service_descriptions() -> Iterator[None]:
    """Let botocore parse each file once: it parses anew for every session, and tests make many."""
    from botocore.loaders import JSONFileLoader

    reader, parsed = JSONFileLoader(), functools.cache(JSONFileLoader.load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: parsed(reader, path))
        yield


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
