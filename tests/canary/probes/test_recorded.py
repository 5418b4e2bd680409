"""All that each kind of check records of made answers and states; run as a module to write it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from canary.control_plane.state import PlatformState
from canary.model import (
    Answer,
    Check,
    Credential,
    Environment,
    Exchange,
    Request,
    Service,
    Severity,
    Step,
    Suite,
)
from canary.probes import KINDS
from canary.probes.base.api import ClientKey, CredentialMissingError, ProbeContext
from tests.canary.probes import recorded_planes as planes
from tests.canary.probes import recorded_scenes as scenes
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

ASKED = Path(__file__).with_name("recorded_answers.txt")
READ = Path(__file__).with_name("recorded_states.txt")
ROUTED = (
    *("mlflow-path-to-mlflow", "api-rules-gone", "catch-all", "registry-listener-gone"),
    *("auth-listener-gone", "auth-scaled-to-zero"),
)
SHOWN = (
    *("status", "content_type", "location", "challenge", "excerpt", "failure", "failure_detail"),
    *("attempts", "principal", "header_form", "certificate_not_after", "certificate_names"),
)


class Clock:
    """A clock that stands at the moment of the platform's states."""

    def monotonic(self) -> float:
        return 7.0

    def now(self) -> dt.datetime:
        return p.NOW


@dataclass
class Canned:
    """Gives made answers in turn, the last one again and again, and keeps what was asked."""

    answers: tuple[Answer, ...] = ()
    secrets: dict[str, list[str]] = field(default_factory=dict)
    blocked: dict[int, str] = field(default_factory=dict)  # number of requests before it -> why
    seconds: float = 30.0
    lines: list[str] = field(default_factory=list)
    asked: int = 0
    forgotten: int = 0

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        changed = {
            name: value
            for name, value in msgspec.structs.asdict(request).items()
            if value != getattr(Request(method="", url=""), name)
        }
        key = f" with {credential.reveal()}" if credential else ""
        self.lines.append(f"  asks{key} {changed}")
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]

    def credential(self, name: str) -> Credential | None:
        if name not in self.secrets:
            raise CredentialMissingError(f"the secret of {name} could not be read")
        known = self.secrets[name]
        return Credential(known[min(self.forgotten, len(known) - 1)])

    def forget(self, name: str) -> None:
        self.lines.append(f"  forgets {name}")
        self.forgotten += 1

    def may(self, client: ClientKey) -> str:
        self.lines.append(f"  may {client[1]}?")
        return self.blocked.get(self.asked, "")

    def answered(self, client: ClientKey, answer: Answer) -> None:
        self.lines.append(f"  {client[1]} got {answer.status}")


def context(
    environment: Environment, canned: Canned, state: PlatformState, steps: list[Step]
) -> ProbeContext:
    return ProbeContext(
        environment=environment, run_id="t-1", http=canned, clock=Clock(),
        credential=canned.credential, forget_credential=canned.forget, state=lambda: state,
        remaining=lambda cleanup: canned.seconds, blocked=canned.may, answered=canned.answered,
        record=steps.append, residue=lambda _: None, began=5.0,
    )  # fmt: skip


def check(kind: str, service: str, spec: Any) -> Check:
    return Check(
        id="a.check", title="a check", kind=kind, suite=Suite.ENDPOINTS, service=service,
        severity=Severity.LOW, runbook="docs/none.md", spec=spec,
    )  # fmt: skip


def recorded(step: Step) -> Iterator[str]:
    times = f"{len(step.evidence)} asked at {step.started_ms:.0f} ms{' always' * step.always}"
    yield f"  {step.status} {step.name}: {step.reason or '-'}, {times}"
    for a in step.assertions:
        sign = "is" if a.holds else "IS NOT"
        yield f"    {a.subject} {sign} as expected: {a.expected!r}, was {a.actual!r}"
    for name, value in step.facts.items():
        yield f"    fact {name}: {value}"
    for seen in step.evidence:
        yield f"    seen {seen.method} {seen.url} {shown(seen)}"


def shown(seen: Exchange) -> dict[str, object]:
    return {name: value for name in SHOWN if (value := getattr(seen, name))}


def asked() -> str:
    """Return what the kinds that send requests ask and record."""
    lines = []
    for title, kind, spec, given in scenes.SCENES:
        canned, steps = Canned(**given), list[Step]()
        service = Service(**{"url": "https://web.example.com", **scenes.SERVICES.get(title, {})})
        where = Environment(
            name="test", account="123456789012", region="us-east-1", cluster="c",
            services={"web": service},
        )  # fmt: skip
        made = msgspec.convert(spec, KINDS[kind].spec)
        KINDS[kind].run(check(kind, "web", made), made, context(where, canned, p.healthy(), steps))
        counts = (KINDS[kind].requests(made), KINDS[kind].requests_with_key(made))
        lines += [f"== {kind}: {title}, plans {counts}", *canned.lines]
        lines += [line for step in steps for line in recorded(step)]
    return "\n".join(lines) + "\n"


Steps = dict[str, list[str]]
"""The kind, service and name of a step -> its lines."""


def judged(state: PlatformState) -> Steps:
    """Return what the kinds that read the control plane record."""
    environment, found = p.environment(faults.NAMES), Steps()
    for kind in ("ecs_service", "target_group", "listener_rule"):
        for service in environment.services:
            steps, spec = list[Step](), KINDS[kind].spec()
            given = context(environment, Canned(), state, steps)
            KINDS[kind].run(check(kind, service, spec), spec, given)
            for step in steps:
                found[f"{kind} {service} {step.name}"] = [f"{kind} {service}", *recorded(step)]
    return found


def read() -> str:
    """Return what is recorded of a healthy platform, and of each other state what differs."""
    well = judged(p.healthy(faults.NAMES))
    planted = {name: faults.plant(f)[0] for name in ROUTED for f in faults.FAULTS if f.id == name}
    lines = ["== healthy", *(line for step in well.values() for line in step)]
    for title, state in (*planes.states(), *planted.items()):
        lines.append(f"== {title}")
        now = judged(state)
        for name, step in now.items():
            lines += step if step != well.get(name) else ()
        lines += [f"no step {name}" for name in well if name not in now]
    return "\n".join(lines) + "\n"


def test_each_kind_is_known_by_its_name_and_by_what_it_touches() -> None:
    names = "endpoint access dependency certificate tcp ecs_service target_group listener_rule"
    assert [*KINDS] == [*names.split(), "registration", "key_lifecycle"]
    assert [kind.name for kind in KINDS.values()] == [*KINDS]
    known = {
        "reads_state": {"ecs_service", "target_group", "listener_rule"},
        "handshake": {"certificate"},
        "makes_objects": {"registration", "key_lifecycle"},
    }
    for flag, kinds in known.items():
        assert {n for n, kind in KINDS.items() if getattr(kind, flag)} == kinds
    for kind in (KINDS[name] for name in known["reads_state"]):
        assert (kind.requests(kind.spec()), kind.requests_with_key(kind.spec())) == (0, 0)


def test_what_is_asked_and_recorded_of_each_answer_is_as_it_is_kept() -> None:
    assert asked() == ASKED.read_text(encoding="utf-8")


def test_what_is_recorded_of_each_state_is_as_it_is_kept() -> None:
    assert read() == READ.read_text(encoding="utf-8")


if __name__ == "__main__":
    ASKED.write_text(asked(), encoding="utf-8")
    READ.write_text(read(), encoding="utf-8")
