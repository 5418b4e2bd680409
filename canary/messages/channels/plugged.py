"""All kinds of channel: ours, and those of plug-ins, which are imported when one is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from canary import plugins
from canary.messages.channels.form import Given, Post, RefusedError
from canary.messages.channels.row import Row
from canary.plugins import PluginError

if TYPE_CHECKING:
    from canary.messages.state import Message


def plugged_row(kind: str) -> Row:
    """Return a plug-in's row; of one that cannot be used, a row that refuses each message."""
    plugin = plugins.named(plugins.CHANNELS, kind)
    try:
        if plugin is None:
            raise PluginError(f"no plug-in has a channel {kind}")
        row = plugin.load(Row)
    except PluginError as error:
        return _refusing(str(error))
    return msgspec.structs.replace(row, form=plugin.guarded(row.form, (RefusedError,)))


def problem_of(kind: str) -> str:
    """Return why a plug-in's channel cannot be used, "" if it can."""
    plugin = plugins.named(plugins.CHANNELS, kind)
    try:
        if plugin is not None:
            plugin.load(Row)
    except PluginError as error:
        return str(error)
    return ""


def _refusing(problem: str) -> Row:
    def form(_message: Message, _given: Given) -> Post:
        raise RefusedError(problem)

    return Row(form=form)
