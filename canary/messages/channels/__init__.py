"""Channels to which the canary posts by itself: one file and one row each.

A channel makes a request of a message; `canary.wiring.channels` sends it. Which messages it wants
follows from its kind and from its table in the environment's file.
"""

from __future__ import annotations

from canary.messages.channels import opsgenie, pagerduty, slack, teams
from canary.messages.channels.plugged import plugged_row
from canary.messages.channels.row import CHAT, PAGER, Row
from canary.messages.state import Message
from canary.model import SEVERITY_ORDER, Channel, Severity

__all__ = ["CHANNELS", "CHAT", "PAGER", "Row", "name_of", "row_of", "wants"]

CHANNELS: dict[str, Row] = {
    "slack": Row(form=slack.form),
    "teams": Row(form=teams.form),
    "pagerduty": Row(
        form=pagerduty.form, kinds=PAGER, audience=("platform",), least=Severity.CRITICAL
    ),
    "opsgenie": Row(
        form=opsgenie.form, kinds=PAGER, audience=("platform",), least=Severity.CRITICAL
    ),
}


def row_of(channel: Channel) -> Row:
    """Return the row of a channel's kind, ours or a plug-in's."""
    return CHANNELS.get(channel.kind) or plugged_row(channel.kind)


def name_of(channel: Channel) -> str:
    """Return the name of a channel, under which it has its leases and its messages wait."""
    return f"{channel.kind}:{channel.secret}"


def wants(channel: Channel, message: Message) -> bool:
    """Return whether a channel of an environment wants a message."""
    row = row_of(channel)
    least = channel.least or row.least
    if message.kind not in row.kinds or message.audience not in (channel.audience or row.audience):
        return False
    if SEVERITY_ORDER.index(message.severity) > SEVERITY_ORDER.index(least):
        return False
    if channel.owners and not set(channel.owners) & set(message.owners):
        return False
    return row.kinds is CHAT or message.paged or message.audience == "canary"
