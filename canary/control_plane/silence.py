"""Whether AWS's own API answered at all: where it did, the canary's way out is open."""

from __future__ import annotations

import msgspec

from canary.control_plane.state import PlatformState, Unavailable

_NO_ANSWER_CODES = ("Timeout", "ConnectionClosed", "ConnectionError")
"""Parts of the codes that a call of AWS has when no answer came."""
_NOTHING = PlatformState()


def is_silence(call: Unavailable) -> bool:
    """Return whether a call of AWS failed because no answer came."""
    return any(part in call.code for part in _NO_ANSWER_CODES)


def aws_is_silent(state: PlatformState) -> bool:
    """Return whether nothing of the control plane was read, each call for want of an answer."""
    read = msgspec.structs.replace(
        state, read_at="", hosts=(), unavailable=(), bounds=(), unread=()
    )
    return read == _NOTHING and bool(state.unavailable) and all(map(is_silence, state.unavailable))
