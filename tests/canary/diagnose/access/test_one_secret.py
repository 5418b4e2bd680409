"""One secret of all principals: what is told of a refused, a missing and a changed entry."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState, SecretState
from canary.diagnose import canary_itself
from canary.diagnose.access import keys
from canary.diagnose.core.finding import Finding
from canary.model import Principal, Result, Status
from tests.canary.diagnose.access.test_keys import REFUSED, asked
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, case

ONE = "hokusai/canary/here"
ALL = {
    "valid": Principal(),
    "reader": Principal(reason="its scopes hold no write", refused=False),
    "reader-2": Principal(refused=False),
    "own": Principal(secret="canary/own"),
    "made": Principal(generated="unknown"),
}
FILE = p.replace(ENVIRONMENT, principals=ALL, principals_secret=ONE)
LATELY = {"changed_at": p.ago(30), "version": "v2", "version_before": "v1"}


def stored(**more: object) -> PlatformState:
    known = {"reference": ONE, "name": ONE, "exists": True, "version": "v2", **more}
    return p.replace(HEALTHY, secrets=(SecretState(**known),))  # type: ignore[arg-type] # a table


def unread(*names: str, why: str = "has no entry for principal") -> list[Result]:
    return [
        p.failed(f"registry.{n}", "registry", status=Status.ERROR, reason=f"secret {ONE} {why} {n}")
        for n in names
    ]


def missing(state: PlatformState, *results: Result) -> Finding:
    (found,) = canary_itself.credentials(case(state, None, *results, environment=FILE))
    assert (found.cause, found.resource) == ("canary-credential-missing", ONE)
    return found


def refused(state: PlatformState, *names: str) -> Finding:
    results = [asked(n, 401, REFUSED, who=n) for n in names]
    (found,) = keys.rejected(case(state, None, *results, environment=FILE))
    assert (found.cause, found.resource) == ("credential-rejected", ONE)
    return found


def test_a_refused_entry_is_changed_alone_and_by_hand() -> None:
    found = refused(stored(), "valid").remedy
    assert found.fix == () and found.decision_command == ""
    assert found.decision == (
        "An administrator makes a new key where keys are judged, and puts it into the secret"
        f" {ONE}, entry valid. No command is printed, because it would write the whole value of"
        f" {ONE}, and principal reader reads reader.api_key and principal reader-2 reads"
        " reader-2.api_key. Change valid.api_key alone, and keep the rest."
    )


def test_what_was_changed_for_others_too_is_not_taken_back_for_one() -> None:
    found = refused(stored(**LATELY), "valid").remedy
    assert found.fix == ()
    assert (
        f"{ONE} was changed at {p.ago(30)}: if that was not meant, its version before"
        " (AWSPREVIOUS) holds what it had. No command is printed"
    ) in found.decision


def test_what_no_principal_can_use_any_more_is_taken_back() -> None:
    found = refused(stored(**LATELY), "valid", "reader", "reader-2").remedy
    assert len(found.fix) == 1 and "update-secret-version-stage" in found.fix[0]
    found = missing(stored(**LATELY), *unread("valid", "reader", "reader-2")).remedy
    assert len(found.fix) == 1 and "--move-to-version-id v1" in found.fix[0]


@pytest.mark.parametrize(
    ("names", "alone"),
    [
        (("reader",), "reader.api_key"),
        (("reader-2",), "reader-2.api_key"),
        (("valid", "reader-2"), "reader-2.api_key and valid.api_key"),
    ],
)
def test_an_entry_that_is_missing_is_stored_beside_the_others(
    names: tuple[str, ...], alone: str
) -> None:
    found = missing(stored(**LATELY), *unread(*names)).remedy
    assert found.fix == () and found.decision_command == ""
    assert found.decision.endswith(f" Change {alone} alone, and keep the rest.")
    assert "(AWSPREVIOUS) holds what it had" in found.decision


def test_entries_that_are_all_missing_since_long_are_stored_by_hand() -> None:
    found = missing(stored(), *unread("valid", "reader", "reader-2")).remedy
    assert found.fix == () and found.decision_command == ""
    assert found.decision == (
        "An administrator makes the key and stores it. No command is printed, because it would"
        f" write the whole value of {ONE}. Change reader.api_key, reader-2.api_key and"
        " valid.api_key alone, and keep the rest."
    )


def test_a_secret_that_is_gone_is_made_with_all_of_it() -> None:
    gone = stored(exists=False, detail="not found")
    why = "could not be read: ResourceNotFoundException of principal"
    found = missing(gone, *unread("valid", "reader", "reader-2", why=why))
    assert found.confidence == "CERTAIN"
    assert found.remedy.decision.endswith("Make the secret with all of it.")


def test_a_secret_marked_for_deletion_is_restored_whole() -> None:
    marked = stored(exists=False, deleted=True, detail="marked for deletion")
    why = "could not be read: InvalidRequestException of principal"
    found = missing(marked, *unread("valid", why=why)).remedy
    assert len(found.fix) == 1 and "restore-secret" in found.fix[0]


def test_the_only_entry_is_typed_as_json_below_its_principal() -> None:
    alone = p.replace(FILE, principals={"valid": Principal(), "own": ALL["own"]})
    (found,) = keys.rejected(
        case(stored(), None, asked("a", 401, REFUSED, who="valid"), environment=alone)
    )
    assert """printf '{"valid":{"api_key":"%s"}}' "$VALUE" |""" in found.remedy.decision_command
    assert "leaves only valid.api_key in it" in found.remedy.decision
