"""The difference between two revisions of a task definition."""

from __future__ import annotations

from dataclasses import dataclass

from canary.control_plane.state import Container, TaskDefinition


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Variables, secrets and settings that a newer revision adds, loses or changes."""

    lost_variables: tuple[str, ...] = ()
    new_variables: tuple[str, ...] = ()
    lost_secrets: tuple[str, ...] = ()
    changed_plain: tuple[tuple[str, str, str], ...] = ()  # name, before, now
    changed_secrets: tuple[tuple[str, str, str], ...] = ()
    other: tuple[tuple[str, str, str], ...] = ()  # image, memory, ports, …

    def lines(self) -> list[str]:
        """Return the differences in words."""
        found = [f"variable {n} is gone" for n in self.lost_variables]
        found += [f"variable {n} is new" for n in self.new_variables]
        found += [f"secret {n} is gone" for n in self.lost_secrets]
        pairs = (*self.changed_plain, *self.changed_secrets, *self.other)
        return found + [f"{n}: {a or 'nothing'} became {b or 'nothing'}" for n, a, b in pairs]


def difference(old: TaskDefinition, new: TaskDefinition) -> Difference:
    """Compare two revisions container by container."""
    before = {c.name: c for c in old.containers}
    parts = [_containers(before[c.name], c) for c in new.containers if c.name in before]
    beside = [(f"container {c.name}", "", c.image) for c in new.containers if c.name not in before]
    kept = {c.name for c in new.containers}
    beside += [(f"container {c.name}", c.image, "") for c in old.containers if c.name not in kept]
    fields = ("cpu", "memory", "architecture", "execution_role", "task_role")
    other = [
        (f, str(getattr(old, f)), str(getattr(new, f)))
        for f in fields
        if getattr(old, f) != getattr(new, f)
    ]
    return Difference(
        lost_variables=tuple(n for p in parts for n in p.lost_variables),
        new_variables=tuple(n for p in parts for n in p.new_variables),
        lost_secrets=tuple(n for p in parts for n in p.lost_secrets),
        changed_plain=tuple(n for p in parts for n in p.changed_plain),
        changed_secrets=tuple(n for p in parts for n in p.changed_secrets),
        other=(*(n for p in parts for n in p.other), *beside, *other),
    )


def _containers(old: Container, new: Container) -> Difference:
    known = {*new.variables, *new.secrets}
    other = [
        (label, str(a), str(b))
        for label, a, b in (
            ("image", old.image, new.image),
            ("ports", old.ports, new.ports),
            ("container memory", old.memory, new.memory),
            ("entry point", " ".join(old.entry_point), " ".join(new.entry_point)),
            ("command", " ".join(old.command), " ".join(new.command)),
            ("essential", old.essential, new.essential),
            ("health command", old.health_command, new.health_command),
        )
        if a != b
    ]
    both = set(old.plain) & set(new.plain)
    refs = set(old.secrets) & set(new.secrets)
    moved = [
        (n, "a secret", new.plain.get(n, "a plain value"))
        for n in sorted(set(old.secrets) & set(new.variables))
    ]
    return Difference(
        lost_variables=tuple(sorted(set(old.variables) - known)),
        new_variables=tuple(sorted(set(new.variables) - {*old.variables, *old.secrets})),
        lost_secrets=tuple(sorted(set(old.secrets) - known)),
        changed_plain=(
            *(
                (n, old.plain[n], new.plain[n])
                for n in sorted(both)
                if old.plain[n] != new.plain[n]
            ),
            *moved,
        ),
        changed_secrets=tuple(
            (n, old.secrets[n], new.secrets[n])
            for n in sorted(refs)
            if old.secrets[n] != new.secrets[n]
        ),
        other=tuple(other),
    )


def port_mismatch(definition: TaskDefinition) -> tuple[str, str] | None:
    """Return a container's `PORT` variable and its mapped port if they differ, else None."""
    for container in definition.containers:
        variable = container.plain.get("PORT", "")
        if variable.isdigit() and container.ports and int(variable) not in container.ports:
            return variable, str(container.ports[0])
    return None
