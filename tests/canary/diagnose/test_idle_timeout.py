"""A shortened idle timeout gets back what it was; AWS's default stands only for an unknown one."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from tests.canary.support import commands
from tests.canary.support import platforms as p
from tests.canary.support.platform_faults import NAMES

IDLE = "idle_timeout.timeout_seconds"
URL = f"https://registry.{NAMES.domain}/health"


def timed(seconds: str) -> PlatformState:
    """Return a platform whose registry balancer has this idle timeout."""
    healthy = p.healthy()
    arn = healthy.load_balancers[1].arn
    return p.change(healthy, "load_balancers", arn, attributes={IDLE: seconds})


@pytest.mark.parametrize(
    ("before", "wanted"),
    [("120", "120"), ("30", "30"), ("20", "20"), ("3", "60"), ("5", "60"), ("", "60")],
)
def test_the_timeout_is_set_back(before: str, wanted: str) -> None:
    """One that was even shorter is no way back."""
    slow = p.failed("registry.health", "registry", p.page(URL, 504))
    known = timed(before) if before else None
    verdict = diagnose([slow], timed("5"), p.environment(NAMES), known, p.NOW)
    fix = [line for d in verdict.diagnoses for line in d.remedy.fix if IDLE in line]
    assert [commands.parameters(line)["Attributes"] for line in fix] == [
        [{"Key": IDLE, "Value": wanted}]
    ]
