"""Which recipients of an environment's messages hear nothing, as SNS's topics tell.

Whoever is subscribed by mail or by an address of the web must confirm; until then the topic lists
the subscription as `PendingConfirmation` and sends nothing.
https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
Needs sns:ListSubscriptionsByTopic on the two topics.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from canary.model import Environment, names

PENDING = "PendingConfirmation"
MOST_PAGES = 20
"""Pages of 100 subscriptions that are read of a topic."""


def deaf(client: Any, environment: Environment) -> Iterator[str]:
    """Yield a line for each recipient that hears nothing, and for each topic that was not read."""
    notify = environment.notify
    for key, targets in (("page", notify.page or ()), ("ticket", notify.ticket)):
        topic = environment.arn("sns", names.own(environment.name, f"{key}-topic"))
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
