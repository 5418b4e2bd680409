"""Hold the Terraform of a fix against the provider's schema and against its commands."""

from __future__ import annotations

import re

from canary.control_plane.state import PlatformState
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.command import UnsafeTextError, command
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.terraform.write import text
from tests.canary.support.terraform.blocks import Resource, faults_of, parse
from tests.canary.support.terraform.objects import by_commands, by_terraform

# Sentences have fixed words, names of arguments and numbers; nothing from outside stands in them.
_SENTENCE = re.compile(r"# [A-Z][A-Za-z0-9 ,.:/`_-]*\.", re.ASCII)
_TYPED = re.compile(r"^# Type command ([\d and]+) of the fix as well", re.M)


def proven(terraform: str, fix: tuple[str, ...], state: PlatformState) -> list[Resource]:
    """Check that blocks parse, are what the provider takes, and say what the commands say."""
    resources = parse(terraform)
    sentences = [line for line in terraform.split("\n") if line.startswith("#")]
    assert [line for line in sentences if not _SENTENCE.fullmatch(line)] == []
    assert [fault for one in resources for fault in faults_of(one)] == []
    objects, typed = by_commands(state, fix)
    assert by_terraform(resources) == objects
    noted = _TYPED.search(terraform)
    assert (noted[1] if noted else "") == " and ".join(str(n) for n in typed)
    return resources


def rendered(case: Case, *edits: Edit) -> list[Resource]:
    """Return the blocks of edits, checked against their commands; none where there is no text.

    A text that the AWS CLI would not take has no command to compare with: then it only must parse.
    """
    terraform = text(case, edits)
    if not terraform:
        return []
    try:
        fix = tuple(command(edit, case.environment.region) for edit in edits)
    except UnsafeTextError:
        return parse(terraform)
    return proven(terraform, fix, case.state)
