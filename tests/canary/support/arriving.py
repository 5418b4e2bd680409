"""What arrives, as text for docs/messages.md: python -m tests.canary.support.arriving writes it.

The faults are kept rows of states and answers; three runs of each are decided as a deployed canary
decides them. Who changes a text on purpose writes the document anew, and reads what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from canary.alarms.plan import plan_alarms
from canary.config import load
from canary.diagnose import diagnose
from canary.messages.channels.topics import wants_mail, wants_page
from canary.messages.state import Message
from canary.model import CheckHistory, Report, Result, Severity
from tests.canary.messages.test_incidents import after
from tests.canary.support import platforms as p
from tests.canary.support.made import report, result
from tests.canary.support.told import SCENES_AND_FAULTS

DOCUMENT = Path(__file__).parents[3] / "docs" / "messages.md"
FAULTS = {
    "A listener rule leads to the wrong service": "mlflow-path-to-mlflow",
    "A new revision listens on another port": "auth-wrong-port",
    "A service was scaled to nothing": "auth-scaled-to-zero",
    "The rules of the API are gone": "api-rules-gone",
    "A certificate has expired": "certificate-expired",
}
BLIND = {
    "The blind canary": "canary-reaches-nothing-and-no-aws",
    "A canary that may not read its secret": "canary-secret-denied",
}
PREFACE = {
    "The blind canary": (
        "A canary that reaches nothing at all sends nothing: after six such runs the heartbeat"
        " rings, with the text of the dead canary.\nThis message arrives where the store and SNS"
        " still answer, by endpoints of the VPC:\n",
    )
}
BEGIN = "## The page\n"
"""Where the written text of the document ends."""


def broken(name: str) -> Report:
    """Return the report of a fault whose failing critical checks have failed three times."""
    scene = SCENES_AND_FAULTS[name]
    found = diagnose(scene.results, scene.state, scene.environment, scene.before, p.NOW)
    results = tuple(replace(r, severity=Severity.CRITICAL) for r in _one_each(scene.results))
    history = {r.check_id: CheckHistory(outcomes="PPPPPPFFF") for r in results}
    made = report(*results, history=history, diagnoses=found.diagnoses)
    return replace(made, run=replace(made.run, environment="development"))


def _one_each(results: Iterable[Result]) -> tuple[Result, ...]:
    return tuple({r.check_id: r for r in results}.values())


def messages(name: str) -> tuple[Message, ...]:
    """Return what one run of a fault sends, over all channels."""
    return after(broken(name)).messages


def document() -> str:
    """Return docs/messages.md: its head as people wrote it, then the texts."""
    head = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[0]
    return head + "\n".join((*_alarms(), *_faults(), *_blind(), *_later()))


def _alarms() -> Iterator[str]:
    config = load("development", authoring=False)
    plan = plan_alarms(config, "hokusai-canary-development", config.environment.run.budget)
    (dead,) = (a for a in plan.alarms if a.key == "heartbeat")
    yield f"{BEGIN}\nThe alarm's own notification; CloudWatch adds the states, times and metric.\n"
    yield _block(plan.page.name, plan.page.description)
    yield "## The dead canary\n\nNo run has completed. The canary cannot say so, its alarm does.\n"
    yield _block(dead.name, dead.description)


def _faults() -> Iterator[str]:
    for title, name in FAULTS.items():
        (first,) = (m for m in messages(name) if wants_mail(m))
        yield f"## {title}\n"
        yield _block(first.subject, first.text)
    woken = [m for m in messages(next(iter(FAULTS.values()))) if wants_page(m)]
    yield "## The cause, for who was woken\n"
    yield "The same text on the topic of pages, once, under this subject:\n"
    yield _block(*(m.subject for m in woken), "")


def _blind() -> Iterator[str]:
    for title, name in BLIND.items():
        (only,) = messages(name)
        yield f"## {title}\n"
        yield from PREFACE.get(title, ())
        yield _block(only.subject, only.text)


def _later() -> Iterator[str]:
    fault, well = broken("mlflow-path-to-mlflow"), report(result("P"))
    names = [r.check_id for r in fault.results]
    healed = replace(well, results=tuple(result("P", name) for name in names), run=fault.run)
    (reminder,) = (m for m in after(*[fault] * 61).messages if wants_mail(m))
    yield "## Still failing\n\nThe same text under this subject, after one hour and after four:\n"
    yield _block(reminder.subject, "")
    (over,) = after(fault, fault, *[healed] * 11).messages
    yield "## Over\n\nOn both topics, on the page's beside the alarm's own OK:\n"
    yield _block(over.subject, over.text)


def _block(subject: str, text: str) -> str:
    return f"```text\nSubject: {subject}\n\n{text}".rstrip() + "\n```\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
