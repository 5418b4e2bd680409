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

    def has_channel(self, target: str) -> bool:
        """Return whether a subscriber of `page` is a pager that a channel tells of the platform.

        Such a pager would open two incidents for one outage: the alarm's and the channel's.
        """
        host = urlsplit(target).hostname or target.rpartition("@")[2]
        told = {c.kind for c in self.channels if not c.audience or "platform" in c.audience}
        return any(
            kind in told and f".{host.lower()}".endswith(f".{domain}")
            for kind, domain in PAGERS.items()
        )
