"""Pages of five faults, each with what the diagnosis says of it."""

from __future__ import annotations

import msgspec

from canary.diagnose import diagnose
from canary.model import Change, ChangedBy, Comparison, Drift, Report, Status, Suite, Transition
from tests.canary.support import platforms as p
from tests.canary.support import report_samples as samples
from tests.canary.support.report_parts import BEGAN
from tests.canary.support.told import SCENES_AND_FAULTS

FIVE = (
    "mlflow-path-to-mlflow",  # a rule forwards to another service
    "auth-wrong-port",
    "tasks-closed-to-the-balancer",  # a security group
    "api-scaled-to-zero",
    "certificate-expired",
)
_SUITES = {"registry.proxy": Suite.REGISTRATION, "registry.valid-key": Suite.AUTHENTICATION}


def broken(name: str) -> Report:
    """Return a run beside a fault: its failures among passing checks, and who changed what."""
    scene = SCENES_AND_FAULTS[name]
    found = diagnose(scene.results, scene.state, scene.environment, scene.before, p.NOW)
    failing = [
        msgspec.structs.replace(r, suite=_SUITES.get(r.check_id, r.suite)) for r in scene.results
    ]
    names = {r.check_id for r in failing}
    passing = [r for r in samples.healthy().results if r.check_id not in names]
    (first, *others) = found.diagnoses
    by = ChangedBy(who="the role deploy (session ci-7)", call="ModifyRule", at=BEGAN)
    drift = Drift(resource="rule 105", attribute="action", before="a", after="b", by="alice")
    return samples.report(
        [*failing, *passing],
        diagnoses=(msgspec.structs.replace(first, changed_by=by), *others),
        unexplained=found.unexplained,
        comparison=Comparison(
            previous="20261122T092617Z-0c11",
            previous_at="2026-11-22T09:26:17Z",
            transitions=tuple(
                Transition(check_id=r.check_id, change=Change.BROKE, before=Status.PASS,
                           after=Status.FAIL, since=BEGAN)
                for r in failing
            ),
            drift=(drift,),
        ),
    )  # fmt: skip
