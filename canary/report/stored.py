"""State files in the store: JSON whose `schema` names the version that wrote it."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from canary.model import Frozen
from canary.report.text import ReportError


class Versioned(Protocol):
    """A state of which every field has a default, its schema among them."""

    @property
    def schema(self) -> str:
        """Return the version of the form."""
        ...


State = TypeVar("State", bound=Versioned)


def dump(state: Frozen) -> str:
    """Return the state as JSON, the same text for the same state."""
    return msgspec.json.encode(state, order="deterministic").decode() + "\n"


def load(data: bytes | str, kind: type[State]) -> State:
    """Read a state back. Raises ReportError for anything else."""
    try:
        state = msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"not a stored {kind.__name__}: {error}") from error
    if state.schema != kind().schema:
        raise ReportError(f"written by another version: schema {state.schema[:80]!r}")
    return state
