"""What a channel of your own is made of (entry points `hokusai_canary.channels`).

A channel is a `Row`: a function that makes one POST of a `Message`, and what it wants to hear. Its
secret is in `Given`; raise `RefusedError` where it lacks something, and show its values nowhere.
"""

from canary.messages.channels.form import (
    Given,
    Post,
    RefusedError,
    body_of,
    buttons,
    head_of,
    key,
    post,
)
from canary.messages.channels.row import CHAT, PAGER, Row
from canary.messages.state import Message
from canary.model import Severity

__all__ = [
    "CHAT",
    "PAGER",
    "Given",
    "Message",
    "Post",
    "RefusedError",
    "Row",
    "Severity",
    "body_of",
    "buttons",
    "head_of",
    "key",
    "post",
]
