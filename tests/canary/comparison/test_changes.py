"""The kept history of changes: newest first, bounded, and of this version."""

from __future__ import annotations

import msgspec
import pytest

from canary.comparison.changes import CHANGES_SCHEMA, KEPT, Changes, ChangesError, added, decode
from canary.model import Drift


def change(name: str, by: str | None = None) -> Drift:
    return Drift(resource=name, attribute="status", before="a", after="b", at="t", by=by)


def test_no_bytes_are_no_changes_and_written_ones_are_read_back() -> None:
    assert decode(None) == Changes()
    data = added(Changes(changes=(change("old"),)), [change("new"), change("newer")])
    assert data.endswith(b"\n")
    assert decode(data) == Changes(changes=(change("new"), change("newer"), change("old")))
    assert msgspec.json.decode(data)["schema"] == CHANGES_SCHEMA == "hokusai-canary/changes/1"


def test_two_hundred_changes_are_kept_and_the_oldest_go() -> None:
    known = Changes(changes=tuple(change(str(n)) for n in range(KEPT)))
    found = decode(added(known, [change("new")])).changes
    assert KEPT == 200
    assert found == (change("new"), *known.changes[:-1])


def test_a_kept_change_gets_who_made_it_from_a_later_run_and_keeps_whom_it_has() -> None:
    known = Changes(changes=(change("a"), change("b", "bob"), change("c")))
    again = [change("a", "alice"), change("b"), change("c", ""), change("d", "dora")]
    assert decode(added(known, [], again)).changes == (
        change("a", "alice"), change("b", "bob"), change("c")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no history of changes: Input data was truncated"),
        (b"[]", "no history of changes: Expected `object`, got `array`"),
        (b'{"schema": "\xff"}', "no history of changes: .*"),
        (b'{"x": ' + b"[" * 100_000, "no history of changes: .*"),
        (b'{"schema": "' + b"x" * 90 + b'"}', f"written by another version: schema '{'x' * 80}'"),
    ],
)
def test_other_bytes_are_refused_with_the_reason(data: bytes, message: str) -> None:
    with pytest.raises(ChangesError, match=f"^{message}$"):
        decode(data)
