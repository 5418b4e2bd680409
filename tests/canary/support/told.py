"""All that a diagnosis says of each fault, as text: python -m tests.canary.support.told writes it.

Who changes a diagnosis on purpose writes the texts anew, and reads what changed in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from canary.diagnose import diagnose
from canary.model import Diagnosis, Explanation
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support import scenes
from tests.canary.support.told_scenes import SCENES, Told

SCENES_AND_FAULTS = {
    **{name: Told(*scene) for name, scene in SCENES.items()},
    **{f.id: Told(*faults.plant(f)) for f in faults.FAULTS},
    **scenes.SCENES,
}
FOLDER = Path(__file__).parents[1] / "data" / "diagnoses"


def described(name: str) -> str:
    """Return what is said of a fault beside the healthy platform, and where no past is known."""
    scene = SCENES_AND_FAULTS[name]
    lines = []
    for title, before in (("after a good run", scene.before), ("without a past", None)):
        told = diagnose(scene.results, scene.state, scene.environment, before, p.NOW)
        lines += [f"== {name}, {title}", *_explanation(told)]
    return "\n".join(lines) + "\n"


def _explanation(told: Explanation) -> Iterator[str]:
    for diagnosis in told.diagnoses:
        yield from _diagnosis(diagnosis)
    yield f"unexplained: {', '.join(told.unexplained) or 'nothing'}"


def _diagnosis(found: Diagnosis) -> Iterator[str]:
    yield f"-- {found.cause} {found.confidence.value} {found.service} {found.resource}"
    yield found.summary
    yield f"explains: {', '.join(found.explains)}"
    for line in found.evidence:
        at = f" at {line.at}" if line.at else ""
        expected = f" (expected: {line.expected})" if line.expected else ""
        yield f"evidence: {line.resource}: {line.seen}{expected}{at}"
    remedy = found.remedy
    yield f"remedy: {remedy.summary}"
    for name in ("inspect", "fix", "verify", "undo"):
        yield from (f"{name}: {command}" for command in getattr(remedy, name))
    for change in remedy.difference:
        yield f"difference: {change.resource}: {change.before or 'nothing'}"
        yield f"         -> {change.after or 'nothing'}"
    for name in ("decision", "decision_command", "irreversible", "terraform"):
        text = getattr(remedy, name)
        yield from (f"{name}: {line}" for line in text.splitlines())


def path(name: str) -> Path:
    """Return where the text of a fault is kept."""
    return FOLDER / f"{name}.txt"


def main() -> None:
    """Write all texts anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.txt"):
        old.unlink()
    for name in SCENES_AND_FAULTS:
        path(name).write_text(described(name), encoding="utf-8")


if __name__ == "__main__":
    main()
