"""A draft of the blocks for one fix: their names, imports, and what refers to what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit, Later
from canary.diagnose.terraform.hcl import (
    Argument,
    Block,
    Expression,
    NotWholeError,
    identifier,
    written,
)
from canary.diagnose.terraform.shapes import Body

TAGS = ("tags", "tags_all")
_OTHERS = "another Terraform state, CDK or CloudFormation"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One object as the fix leaves it; `import_id` is empty where it is not there yet."""

    type: str
    name: str
    noun: str  # what people call it
    body: Body
    import_id: str = ""
    changed: tuple[str, ...] = ()  # the arguments that the fix changes
    unread: tuple[str, ...] = ()  # arguments that stay as they are: their parts were not read
    note: str = ""

    @property
    def address(self) -> str:
        """Return the name by which other blocks refer to it."""
        return f"{self.type}.{self.name}"

    def text(self, above: tuple[str, ...] = ()) -> str:
        """Return its blocks: the import, and the resource, without the notes that stand above."""
        body = list(self.body)
        if self.unread:
            ignored = Argument("ignore_changes", [Expression(name) for name in self.unread])
            body.append(Block("lifecycle", body=[ignored]))
        notes = tuple(n for n in self.notes() if n not in above)
        found = written(Block("resource", (self.type, self.name), body, notes))
        if not self.import_id:
            return found
        moved: Body = [Argument("to", Expression(self.address)), Argument("id", self.import_id)]
        return f"{written(Block('import', body=moved))}\n{found}"

    def notes(self) -> tuple[str, ...]:
        """Return the sentences above the block: what to see in the plan, what to do elsewhere."""
        if self.import_id:
            what = " and ".join(f"`{name}`" for name in self.changed)
            first = f"The plan must show the import and a change of {what}, nothing else."
            where = f"Where {_OTHERS} holds this {self.noun}, set {what} there instead."
        else:
            first = f"The plan must show a new {self.noun}."
            where = f"Where {_OTHERS} holds it already, apply that again instead."
        return tuple(note for note in (first, where, self.note) if note)


def listed(resources: list[Resource]) -> str:
    """Return the blocks of all; a note that stands above once is not repeated."""
    found, above = list[str](), tuple[str, ...]()
    for resource in resources:
        found.append(resource.text(above))
        above += resource.notes()
    return "\n".join(found)


@dataclass
class Draft:
    """The blocks of one fix, in the order of its commands."""

    case: Case
    resources: list[Resource] = field(default_factory=list)
    typed: list[int] = field(default_factory=list)  # commands that no configuration stands for
    _made: list[tuple[Later, Resource]] = field(default_factory=list)

    def name(self, kind: str, *parts: object) -> str:
        """Return a name that no other block of this kind has."""
        base = identifier(*parts)
        taken = {r.name for r in self.resources if r.type == kind}
        found, number = base, 2
        while found in taken:
            found, number = f"{base}_{number}", number + 1
        return found

    def add(self, resource: Resource, *, found_by: Later | None = None) -> None:
        """Add a resource; `found_by` is how the commands find what they have created."""
        if resource.import_id and any(r.import_id == resource.import_id for r in self.resources):
            raise NotWholeError("two edits of one object")
        self.resources.append(resource)
        if found_by is not None:
            self._made.append((found_by, resource))

    def made(self, later: Later) -> Resource:
        """Return the resource that a later identifier belongs to."""
        found = next((r for one, r in self._made if one == later), None)
        if found is None:
            raise NotWholeError("an identifier that only the shell finds")
        return found

    def known(self, value: Any) -> Any:
        """Return a value with each later identifier as a reference to the block that makes it."""
        if isinstance(value, Later):
            return Expression(f"{self.made(value).address}.arn")
        if isinstance(value, dict):
            return {k: self.known(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.known(v) for v in value]
        return value


def differing(before: Body, now: Body) -> tuple[str, ...]:
    """Return the names of the arguments and blocks that a fix changes."""
    one, two = _by_name(before), _by_name(now)
    found = tuple(name for name in {**two, **one} if one.get(name) != two.get(name))
    if not found:
        raise NotWholeError("a change that no argument shows")
    return found


def _by_name(body: Body) -> dict[str, Body]:
    found: dict[str, Body] = {}
    for item in body:
        name = item.name if isinstance(item, Argument) else item.kind
        found.setdefault(name, []).append(item)
    return found


def after(edit: Edit) -> dict[str, Any]:
    """Return the fields that an edit sets."""
    return dict(edit.after or {})
