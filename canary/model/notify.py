"""Who is told: subscribers, channels, owners, reminders, and the links in messages."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from canary.model.base import Frozen, Severity

Word = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9@._-]*$", max_length=60)]
Owner = Annotated[str, msgspec.Meta(pattern=r"^(|[A-Za-z0-9][A-Za-z0-9@._-]*)$", max_length=60)]
"""A team or a person, as the owner of a check or service; "" is nobody."""
Minutes = Annotated[int, msgspec.Meta(ge=5, le=10_080)]


PAGERS = {"pagerduty": "pagerduty.com", "opsgenie": "opsgenie.com"}
"""Kinds of channels that keep incidents, and the domain of their integrations for SNS and mail."""


CHANNEL_KINDS = ("slack", "teams", "pagerduty", "opsgenie")
"""The kinds of channel that are ours."""


class Channel(Frozen, frozen=True, kw_only=True):
    """A channel to which the canary posts by itself, beside the topics.

    Its secret is a JSON object in Secrets Manager; docs/operations.md names the keys of each kind.
    """

    # one of CHANNEL_KINDS, or a plug-in's; `config` refuses all others
    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]+$", max_length=60)]
    secret: Annotated[str, msgspec.Meta(min_length=1)]  # name or ARN of the secret
    # another address of the service, such as that of its European region
    url: Annotated[str, msgspec.Meta(pattern=r"^(|https://[^ ]+)$")] = ""
    # platform: what fails there; canary: what the canary cannot judge. () is both, of a pager the
    # platform alone
    audience: tuple[Literal["platform", "canary"], ...] = ()
    least: Severity | None = None  # of a message; none is low, of a pager critical
    owners: tuple[Word, ...] = ()  # () is all of them, and what nobody owns


class Notify(Frozen, frozen=True, kw_only=True):
    """The subscribers of pages and tickets, channels, reminders, and the links in messages."""

    # "email:oncall@example.com", "https://…", "sqs:arn…"; None: the file does not say
    page: tuple[str, ...] | None = None
    ticket: tuple[str, ...] = ()
    # owner -> who hears the messages about what the owner owns, and no others
    owners: dict[Word, tuple[str, ...]] = msgspec.field(default_factory=dict)
    channels: tuple[Channel, ...] = ()
    # minutes after which a problem that lasts is told once more; () never
    reminders: tuple[Minutes, ...] = (60, 240)
    report_url: str = ""  # base of links in messages; empty: an s3:// address
    # 1 to 12: messages contain a signed link to the report instead, valid for so many hours
    presigned_hours: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0
    # base of links to runbooks, "https://github.com/OWNER/REPOSITORY/blob/main"; empty: paths
    runbook_url: Annotated[str, msgspec.Meta(pattern="^(|https://[^ ]+)$", max_length=200)] = ""

    def channels_of(self, target: str) -> tuple[Channel, ...]:
        """Return the channels whose pager a subscriber may be, by its host or mail domain.

        That is the domain of the kind's service, or the host of the channel's own `url`.
        """
        host = (urlsplit(target).hostname or target.rpartition("@")[2]).lower()
        return tuple(c for c in self.channels if _at(host, c))

    def has_channel(self, target: str) -> bool:
        """Return whether a subscriber of `page` is a pager that a channel tells of the platform.

        Such a pager would open two incidents for one outage: the alarm's and the channel's. A
        channel that takes the messages of some owners alone does not tell it of all outages.
        """
        told = (c for c in self.channels_of(target) if not c.owners and c.kind in PAGERS)
        return any(not c.audience or "platform" in c.audience for c in told)


def _at(host: str, channel: Channel) -> bool:
    """Return whether a host belongs to the service of a channel."""
    domain = PAGERS.get(channel.kind)
    if domain and f".{host}".endswith(f".{domain}"):
        return True
    return bool(host) and host == urlsplit(channel.url).hostname
