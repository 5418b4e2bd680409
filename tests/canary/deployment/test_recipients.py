"""Who would be told twice, and what nobody would be told."""

from __future__ import annotations

import msgspec
import pytest

from canary.config import load
from canary.deployment.recipients import doubts
from canary.model import Channel, Environment, Notify, Severity

BASE = load("development").environment
DUTY = "https://events.pagerduty.com/integration/K/enqueue"
RELAY = "https://pager.internal.example.com"
MAIL = "email:oncall@example.com"
TEAM = "email:team@example.com"
PAGER = Channel(kind="pagerduty", secret="p")
CHAT = Channel(kind="slack", secret="s")


def of(**notify: object) -> Environment:
    return msgspec.structs.replace(BASE, notify=Notify(**notify))  # type: ignore[arg-type]


def said(**notify: object) -> list[str]:
    return list(doubts(of(**notify)))


@pytest.mark.parametrize(
    "notify",
    [
        {"page": ()},
        {"page": (MAIL,), "ticket": (TEAM,)},
        {"page": (MAIL,), "channels": (CHAT,)},
        {"page": (MAIL, DUTY), "channels": (PAGER, CHAT)},
        {"page": (MAIL, DUTY), "ticket": (TEAM,)},  # no channel: the alarm is its only incident
        {"page": (MAIL,), "ticket": (TEAM,), "owners": {"ml": ("email:ml@example.com",)}},
        {"page": (MAIL, RELAY), "ticket": (TEAM,), "channels": (PAGER,)},
    ],
)
def test_nothing_is_said_where_each_is_told_once(notify: dict[str, object]) -> None:
    assert said(**notify) == []


def test_a_filtered_pager_with_nothing_else_subscribed_is_told() -> None:
    (alone,) = said(page=(DUTY,), channels=(PAGER, CHAT))
    assert alone == (
        f"notify.page: {DUTY} is told by a channel, so the subscription gets the heartbeat alone,"
        " and nobody else is subscribed: what a channel cannot post (the store is lost, its secret"
        " was changed, no way out) wakes nobody; add a recipient, such as"
        ' "email:oncall@example.com"'
    )
    (relayed,) = said(page=(RELAY,), channels=(with_url(PAGER), CHAT))
    assert relayed.startswith(f"notify.page: {RELAY} is told by a channel, so the subscription")


def with_url(channel: Channel) -> Channel:
    return msgspec.structs.replace(channel, url=f"{RELAY}/v2/enqueue")


@pytest.mark.parametrize(
    ("channel", "target", "why"),
    [
        (
            Channel(kind="pagerduty", secret="p", owners=("ml", "data")),
            DUTY,
            "notify.channels[1] (pagerduty), which has the messages of ml, data alone lead to one",
        ),
        (
            Channel(kind="acme", secret="p", url=f"{RELAY}/post"),
            RELAY,
            "notify.channels[1] (acme) lead to one host",
        ),
    ],
)
def test_a_pager_that_is_a_channel_and_a_subscriber_without_the_filter_is_told(
    channel: Channel, target: str, why: str
) -> None:
    (twice,) = said(page=(MAIL, target), channels=(CHAT, channel))
    assert twice.startswith(f"notify.page: {target} and {why}")
    assert twice.endswith("an outage is two incidents there; keep one of them")


@pytest.mark.parametrize("audience", [("canary",), ("platform", "canary")])
def test_a_pager_that_hears_of_a_blind_canary_twice_is_told(audience: tuple[str, ...]) -> None:
    channel = msgspec.structs.replace(PAGER, audience=audience)
    (twice,) = said(page=(MAIL, DUTY), ticket=(TEAM,), channels=(channel,))
    assert twice.startswith(f"notify.page: {DUTY} hears the heartbeat, which also rings when")
    assert 'notify.channels[0] (pagerduty) has "canary" in its audience' in twice


def test_who_stands_under_two_keys_is_told() -> None:
    owners = {"ml": (MAIL, DUTY), "data": (TEAM,)}
    assert said(page=(MAIL,), ticket=(TEAM, MAIL), channels=(PAGER,), owners=owners) == [
        f"{key}: {MAIL} is in notify.page, too: it is told of each critical incident twice, also of"
        " its reminders and its end"
        for key in ("notify.ticket", "notify.owners.ml")
    ] + [
        f"notify.owners.ml: {DUTY} and notify.channels[0] (pagerduty) lead to one host: if both are"
        " one recipient, it is told twice"
    ]


@pytest.mark.parametrize(
    ("notify", "whose"),
    [
        ({"page": (MAIL,)}, ""),
        ({"channels": (PAGER,)}, ""),
        ({"page": (MAIL,), "channels": (PAGER, with_url(PAGER))}, ""),
        ({"page": (MAIL,), "channels": (msgspec.structs.replace(CHAT, owners=("ml",)),)}, ""),
        ({"page": (MAIL,), "channels": (msgspec.structs.replace(CHAT, audience=("canary",)),)}, ""),
        (
            {"page": (MAIL,), "channels": (msgspec.structs.replace(CHAT, least=Severity.HIGH),)},
            "",
        ),
        ({"page": (MAIL,), "owners": {"ml": (TEAM,)}}, " and has no owner"),
    ],
)
def test_tickets_that_nobody_hears_are_told(notify: dict[str, object], whose: str) -> None:
    assert said(**notify) == [
        "notify.ticket: is empty, and no channel takes every message: nobody is told what fails and"
        f" is not critical{whose}"
    ]


def test_an_environment_without_any_recipient_is_told_unless_it_says_so() -> None:
    assert said() == [
        "notify: has no recipient: nobody is told anything; page = [] says so on purpose"
    ]


def test_a_pager_of_which_some_outages_have_a_channel_keeps_all_its_pages() -> None:
    """Filtered to the heartbeat, it would never hear of what another team owns."""
    own = Channel(kind="pagerduty", secret="p", owners=("ml",))
    assert not Notify(channels=(own,)).has_channel(DUTY)
    assert Notify(channels=(own, msgspec.structs.replace(PAGER, secret="q"))).has_channel(DUTY)
    assert Notify(channels=(with_url(PAGER),)).has_channel(RELAY)
    assert not Notify(channels=(CHAT, with_url(CHAT))).has_channel(RELAY)
    assert not Notify(channels=(PAGER, CHAT)).has_channel("sms:+15550100")
