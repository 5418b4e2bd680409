"""The form of a message: a subject that SNS accepts, and the note that a text is late."""

from __future__ import annotations

from canary.messages.state import Message
from canary.report.text import line, when

SUBJECT = 99  # SNS takes fewer than 100 ASCII characters (Publish: Subject)
_PLAIN = str.maketrans({"…": "...", "–": "-", "’": "'", "⟨": "<", "⟩": ">"})


def retried(message: Message) -> str:
    """Return the text to send; a late message says below its link that it is late."""
    if not message.attempts:
        return message.text
    head, _, rest = message.text.partition("\n\n")
    late = f"(Late: this message could not be sent at {when(message.first_tried_at)}.)"
    return f"{head}\n{late}\n\n{rest}"


def ascii_subject(text: str) -> str:
    """Return a subject that SNS accepts: one line of at most 99 printable ASCII characters."""
    plain = line(text, 400).translate(_PLAIN)
    plain = plain.encode("ascii", "replace").decode().strip() or "Hokusai Canary"
    if not (plain[0].isalnum() or plain[0] == "["):  # "a letter, number or punctuation mark"
        plain = f"Canary: {plain}"
    return plain if len(plain) <= SUBJECT else f"{plain[: SUBJECT - 3]}..."
