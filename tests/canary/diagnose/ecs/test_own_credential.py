"""What follows from the credential of a service that a dependency refuses."""

from __future__ import annotations

from canary.control_plane.state import PlatformState
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs.own_credential import explained, lost_variables, refused
from canary.diagnose.ecs.revisions import rollout
from canary.model import Confidence, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, case
from tests.canary.support.scenes.ecs import definition, on_revision
from tests.canary.support.told_scenes import passed

REGISTRY = ENVIRONMENT.services["registry"]
ENV = p.replace(ENVIRONMENT, services={**ENVIRONMENT.services, "front": p.replace(
    REGISTRY, url="https://front.hokus.ai", depends_on=("mlflow",), ecs_service="front",
    load_balancer="f", target_groups=())})  # fmt: skip
API, FRONT = faults.REGISTRY, "https://front.hokus.ai"


def says(check: str, url: str, body: str, who: str = "") -> Result:
    return p.failed(check, "registry", p.answer(url, 503, body, principal=who))


def own(check: str, url: str = API, words: str = "API key required") -> Result:
    """Return a health document in which MLflow refuses the service's own question."""
    body = (
        '{"status":"error","error":"API request to http://mlflow.hokusai.local:5000 failed with'
        f' error code 401. Response body: {{\\"detail\\": \\"{words}\\"}}"}}'
    )
    return says(check, f"{url}/api/health/mlflow", body)


def ready(check: str, *names: str, url: str = API) -> Result:
    unwell = ",".join(f'"{n}":{{"healthy":false}}' for n in names)
    return says(check, f"{url}/ready", f'{{"ready":false,"checks":{{{unwell}}}}}')


OPEN = '{"detail":"circuit breaker is open"}'


def of(*results: Result, state: PlatformState = HEALTHY, before: PlatformState | None = None) \
        -> Case:  # fmt: skip
    return case(state, before, *results, environment=ENV)


def checks(found: Case, entry: str = "") -> list[str]:
    return sorted(f.check_id for f in explained(found, entry))


def test_what_says_the_same_of_the_dependency_follows() -> None:
    found = of(
        own("own"), own("front own", FRONT), ready("ready", "mlflow"),
        ready("both", "mlflow", "redis"), ready("cache", "redis"),
        ready("front ready", "mlflow", url=FRONT), says("open", f"{API}/health/mlflow", OPEN),
        says("call", faults.PROXY, OPEN, "valid"), ready("third", "database"),
    )  # fmt: skip
    assert checks(found, "registry") == ["both", "open", "own", "ready"]
    assert checks(found, "front") == ["front own", "front ready"]
    assert checks(found) == ["both", "front own", "front ready", "open", "own", "ready"]
    assert checks(of(ready("ready", "mlflow"))) == []
    assert checks(of(own("own"), ready("front ready", "mlflow", url=FRONT))) == ["own"]


def findings(*results: Result, state: PlatformState = HEALTHY,
             before: PlatformState | None = None) -> list[Finding]:  # fmt: skip
    return list(refused(of(*results, state=state, before=before)))


def test_each_service_that_is_refused_is_one_finding() -> None:
    (front, api) = findings(own("own"), own("front own", FRONT))
    assert (front.service, front.resource, front.confidence) == (
        "front", "front", Confidence.POSSIBLE
    )  # fmt: skip
    assert api.resource == faults.NAMES.revision("registry")
    assert {f.check_id for f in api.explained_failures} == {"own"}
    assert api.summary == "registry sends no key when it asks mlflow for itself."
    assert (api.shown_failures, [e.resource for e in api.evidence]) == (
        0, [f"GET {API}/api/health/mlflow"],
    )  # fmt: skip
    assert [c.split()[2] for c in api.remedy.inspect] == ["describe-task-definition", "tail"]
    assert [c.split()[2] for c in front.remedy.inspect] == ["tail"]


def test_a_call_with_a_callers_key_that_passes_shows_that_only_its_own_is_refused() -> None:
    good = passed(faults.PROXY, principal="valid")
    (found,) = findings(own("own", words="Invalid or expired API key"), good)
    assert found.confidence is Confidence.LIKELY
    assert found.summary == (
        "registry sends a key that is refused when it asks mlflow for itself, while calls with the"
        " caller's own key pass."
    )
    (line,) = [e for e in found.evidence if e.seen == "200 for principal valid"]
    assert line.resource == f"GET {faults.PROXY}"
    for other in (passed(faults.PROXY), passed(f"{FRONT}/x", principal="valid")):
        (found,) = findings(own("own"), other)
        assert found.confidence is Confidence.POSSIBLE


TOKEN = {"A": "arn:aws:secret:a", "MLFLOW_TRACKING_TOKEN": "arn:aws:secret:token"}


def test_a_variable_of_the_dependency_that_the_revision_lost_is_its_credential() -> None:
    now = definition(HEALTHY, "registry", 6, container={"secrets": TOKEN})
    now = definition(now, "registry", 7, container={"secrets": {}})
    before = on_revision("registry", 6, now)
    (found,) = findings(own("own"), ready("ready", "mlflow"), state=now, before=before)
    assert (found.resource, found.confidence) == (
        faults.NAMES.revision("registry"), Confidence.CERTAIN
    )  # fmt: skip
    assert found.summary == (
        "registry no longer gets MLFLOW_TRACKING_TOKEN since revision 7, and mlflow refuses its"
        " own questions."
    )
    assert {f.check_id for f in found.explained_failures} == {"own", "ready"}
    assert found.remedy.summary == f"Go back to {faults.NAMES.of('registry')}:6."
    expired = own("own", words="Invalid or expired API key")
    (found,) = findings(expired, state=now, before=before)
    assert found.confidence is Confidence.LIKELY

    def lost(*results: Result) -> tuple[str, ...]:
        known = of(*results, state=now, before=before)
        change = rollout(known, "registry")
        assert change is not None
        return lost_variables(known, "registry", change)

    assert lost(own("own")) == ("MLFLOW_TRACKING_TOKEN",)
    assert lost(own("front own", FRONT)) == lost() == ()
