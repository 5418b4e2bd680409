"""Who would be told twice, and what nobody would be told.

Each key may be right by itself. Nothing here is refused: two addresses of one host may be two
pagers, and who wants two mails may have them. `validate` prints it. What no deployment could carry
out is refused by `canary.config`.
"""

from __future__ import annotations

from collections.abc import Iterator

from canary.messages.channels import CHAT, row_of
from canary.model import Channel, Environment, Notify, Severity

PLATFORM, CANARY = "platform", "canary"


def doubts(environment: Environment) -> Iterator[str]:
    """Yield each doubt as `key: what would be told twice, or to nobody`."""
    notify = environment.notify
    for target in dict.fromkeys(notify.page or ()):
        yield from _pager(notify, target)
    yield from _filtered(notify)
    yield from _twice(notify)
    yield from _tickets(notify)


def _pager(notify: Notify, target: str) -> Iterator[str]:
    """Yield what a subscriber of the page hears from its channel once more."""
    for channel in notify.channels_of(target):
        at, audience = _at(notify, channel), channel.audience or row_of(channel).audience
        if PLATFORM in audience and not notify.has_channel(target):
            only = f", which has the messages of {', '.join(channel.owners)} alone"
            yield (
                f"notify.page: {target} and {at}{only if channel.owners else ''} lead to one host,"
                " and the subscription is not filtered to the heartbeat: if both are one pager, an"
                " outage is two incidents there; keep one of them"
            )
        elif CANARY in audience:
            yield (
                f"notify.page: {target} hears the heartbeat, which also rings when the canary is"
                f' blind, and {at} has "canary" in its audience: if both are one pager, a blind'
                " canary is two incidents there"
            )


def _filtered(notify: Notify) -> Iterator[str]:
    """Yield that the page's own alarm wakes nobody."""
    targets = notify.page or ()
    if targets and all(map(notify.has_channel, targets)):
        yield (
            f"notify.page: {', '.join(targets)} is told by a channel, so the subscription gets the"
            " heartbeat alone, and nobody else is subscribed: what a channel cannot post (the store"
            " is lost, its secret was changed, no way out) wakes nobody; add a recipient, such as"
            ' "email:oncall@example.com"'
        )


def _twice(notify: Notify) -> Iterator[str]:
    """Yield who hears of an incident by the page and by tickets, or by a ticket and a channel."""
    owned = {f"notify.owners.{owner}": targets for owner, targets in notify.owners.items()}
    for key, targets in {"notify.ticket": notify.ticket, **owned}.items():
        for target in dict.fromkeys(targets):
            if target in (notify.page or ()):
                yield (
                    f"{key}: {target} is in notify.page, too: it is told of each critical incident"
                    " twice, also of its reminders and its end"
                )
            for channel in notify.channels_of(target):
                yield (
                    f"{key}: {target} and {_at(notify, channel)} lead to one host: if both are one"
                    " recipient, it is told twice"
                )


def _tickets(notify: Notify) -> Iterator[str]:
    """Yield that nobody hears of what is not critical, where somebody hears at all."""
    if notify.ticket or any(map(_takes_all, notify.channels)):
        return
    if notify.page or notify.channels or notify.owners:
        whose = " and has no owner" if notify.owners else ""
        yield (
            "notify.ticket: is empty, and no channel takes every message: nobody is told what"
            f" fails and is not critical{whose}"
        )
    elif notify.page is None:
        yield "notify: has no recipient: nobody is told anything; page = [] says so on purpose"


def _takes_all(channel: Channel) -> bool:
    row = row_of(channel)
    everything = row.kinds == CHAT and (channel.least or row.least) is Severity.LOW
    return everything and not channel.owners and PLATFORM in (channel.audience or row.audience)


def _at(notify: Notify, channel: Channel) -> str:
    return f"notify.channels[{notify.channels.index(channel)}] ({channel.kind})"
