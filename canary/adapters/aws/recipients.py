"""Recipients who hear nothing, or an outage twice, as SNS's topics tell.

Whoever is subscribed by mail or by an address of the web must confirm; until then the topic lists
the subscription as `PendingConfirmation` and sends nothing.
https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
A pager that a channel tells is subscribed with a filter; one that somebody subscribed by hand, or
before there was a channel, has none.
https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
Needs sns:ListSubscriptionsByTopic on the two topics, and sns:GetSubscriptionAttributes on the
subscriptions of such pagers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from canary.model import Environment, names
from canary.model.notify import PAGERS

PENDING = "PendingConfirmation"
MOST_PAGES = 20
"""Pages of 100 subscriptions that are read of a topic."""


def deaf(client: Any, environment: Environment) -> Iterator[str]:
    """Yield a line for each recipient that hears nothing, and for each topic that was not read."""
    notify = environment.notify
    owned = ((f"owners.{owner}", targets) for owner, targets in notify.owners.items())
    for key, targets in (("page", notify.page or ()), ("ticket", notify.ticket), *owned):
        topic = environment.arn("sns", _topic(environment, key))
        if not targets:
            continue
        try:
            found = _subscribed(client, topic)
        except (ClientError, BotoCoreError) as error:
            yield f"notify.{key}: nobody can tell who hears it: {error}"
            continue
        for target in targets:
            state = found.get(_endpoint(target), "")
            if state == PENDING:
                yield f"notify.{key}: {target} has not confirmed its subscription"
            elif not state:
                yield f"notify.{key}: {target} is not subscribed: deploy, or subscribe it again"


def told_twice(client: Any, environment: Environment) -> Iterator[str]:
    """Yield a line for each subscribed pager that a channel tells, too, and that has no filter."""
    if not any(c.kind in PAGERS for c in environment.notify.channels):
        return
    try:
        found = _subscribed(client, environment.arn("sns", _topic(environment, "page")))
    except (ClientError, BotoCoreError) as error:
        yield f"notify.page: nobody can tell which pagers hear it: {error}"
        return
    for (protocol, endpoint), arn in found.items():
        target = endpoint if protocol in ("http", "https") else f"{protocol}:{endpoint}"
        if arn == PENDING or not environment.notify.has_channel(target):
            continue
        try:
            told = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        except (ClientError, BotoCoreError) as error:
            yield f"notify.page: nobody can tell whether {target} has its filter: {error}"
            continue
        if not told.get("FilterPolicy"):
            yield (
                f"notify.page: {target} is subscribed without the filter on the heartbeat, and is"
                " a channel, too: an outage is two incidents there; deploy, or unsubscribe it"
            )


def _topic(environment: Environment, key: str) -> str:
    """Return the name of the topic that a key of `notify` subscribes to."""
    return names.own(environment.name, "page-topic" if key == "page" else "ticket-topic")


def _subscribed(client: Any, topic: str) -> dict[tuple[str, str], str]:
    """Return the ARN of each subscription, or that it is pending, by protocol and endpoint."""
    found: dict[tuple[str, str], str] = {}
    more: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        page = client.list_subscriptions_by_topic(TopicArn=topic, **more)
        for one in page.get("Subscriptions", ()):
            found[one["Protocol"], one["Endpoint"]] = one["SubscriptionArn"]
        if not page.get("NextToken"):
            break
        more = {"NextToken": page["NextToken"]}
    return found


def _endpoint(target: str) -> tuple[str, str]:
    """Return protocol and endpoint of a recipient as the topic has them."""
    protocol, _, endpoint = target.partition(":")
    return protocol, target if protocol in ("http", "https") else endpoint
