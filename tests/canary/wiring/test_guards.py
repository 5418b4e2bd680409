"""The latest report tells which services a security group guards, or nothing does."""

from __future__ import annotations

from pathlib import Path

import msgspec

from canary import config
from canary.adapters.store.protocol import latest_name
from canary.control_plane.state import LoadBalancer, PlatformState
from canary.report import json as canonical
from canary.wiring.guards import guards
from canary.wiring.run import Runtime, make_runtime
from tests.canary.support.report_samples import healthy

STATE = PlatformState(
    load_balancers=(
        LoadBalancer(
            arn="b", name="hokusai-auth-development", dns_name="b", security_groups=("sg-1",)
        ),
    )
)


def stored(runtime: Runtime, **latest: object) -> None:
    report = msgspec.structs.replace(healthy(), **latest)
    name = latest_name(runtime.environment.name)
    runtime.store.write(name, canonical.render(report).encode())


def test_the_latest_report_tells_who_is_guarded(tmp_path: Path) -> None:
    runtime = make_runtime(config.load("development", authoring=False), str(tmp_path))
    assert guards(runtime) == {}  # the first run
    stored(runtime, platform=msgspec.to_builtins(STATE))
    assert guards(runtime) == {"sg-1": ("auth",)}
    stored(runtime, platform=None, platform_state="never-kept")
    assert guards(runtime) == {}
    runtime.store.write(latest_name("development"), b"no report")
    assert guards(runtime) == {}
