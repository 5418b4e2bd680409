"""Send messages over an environment's channels: its topics, and those it posts to itself."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping

import msgspec

from canary.adapters import post
from canary.adapters.aws.sns_eventbridge import publish_text, signed
from canary.messages.channels import name_of, row_of, wants
from canary.messages.channels.form import Given, RefusedError
from canary.messages.channels.topics import attributes, wants_mail, wants_page
from canary.messages.delivery import MAIL, Send, thread_name
from canary.messages.forms import retried
from canary.messages.state import Message
from canary.model import Channel, Frozen
from canary.wiring.run import Runtime

PAGE = "page"

Want = Callable[[Message], bool]


class Open(Frozen, frozen=True, kw_only=True):
    """The channels that are open, by name: what each wants, and how it is sent."""

    wants: Mapping[str, Want]
    sends: Mapping[str, Send]


def opened(runtime: Runtime, ticket: str, page: str, threads: Mapping[str, str]) -> Open:
    """Return an environment's channels; a topic without an ARN is none of them.

    `threads` are the names of threads that channels gave to incidents, see `thread_name`.
    """
    found: dict[str, Want] = {}
    sends: dict[str, Send] = {}
    for name, topic, want in ((MAIL, ticket, wants_mail), (PAGE, page, wants_page)):
        if topic:
            found[name], sends[name] = want, functools.partial(_publish, runtime, topic)
    for channel in runtime.environment.notify.channels:
        name = name_of(channel)
        found[name] = functools.partial(wants, channel)
        sends[name] = functools.partial(_post, runtime, channel, threads)
    return Open(wants=found, sends=sends)


def _publish(runtime: Runtime, topic: str, message: Message) -> str:
    sns = functools.partial(runtime.clients.client, "sns")
    ready = _ready(runtime, message)
    publish_text(sns, topic, ready.subject, ready.text, attributes(ready))
    return ""


def _post(runtime: Runtime, channel: Channel, threads: Mapping[str, str], message: Message) -> str:
    thread = threads.get(thread_name(message), "")
    given = Given(secret=_secret(runtime, channel.secret), url=channel.url, thread=thread)
    request = row_of(channel).form(_ready(runtime, message), given)
    answered = post.send(request)
    return thread or answered  # the first message of an incident begins its thread


def _secret(runtime: Runtime, name: str) -> dict[str, str]:
    """Return the texts of a channel's secret, read anew for each message: there are few."""
    answer = runtime.clients.client("secretsmanager").get_secret_value(SecretId=name)
    try:
        found = json.loads(answer.get("SecretString", ""))
    except ValueError:
        raise RefusedError("the secret is not a JSON object") from None
    if not isinstance(found, dict):
        raise RefusedError("the secret is not a JSON object")
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _ready(runtime: Runtime, message: Message) -> Message:
    """Return a message as it is sent; only what is sent has the presigned link, never a log."""
    text, hours = retried(message), runtime.environment.notify.presigned_hours
    if not hours or not message.link:
        return msgspec.structs.replace(message, text=text)
    s3 = functools.partial(runtime.clients.client, "s3")
    link = signed(s3, message.link, hours * 3600)
    return msgspec.structs.replace(message, text=text.replace(message.link, link), link=link)
