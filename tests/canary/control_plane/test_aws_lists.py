"""Each message of AWS's lists is found by its own row, whatever names stand in it."""

from __future__ import annotations

import pytest
from botocore.session import Session

from canary.control_plane.aws_lists import (
    LISTS,
    image_pulls,
    no_room,
    scaling,
    service_events,
    stops,
    target_health,
    task_starts,
)
from canary.control_plane.aws_lists.form import WAYS, Form, match, plain
from canary.diagnose.causes import ALL
from tests.canary.support import aws_messages as aws

Messages = tuple[tuple[str, str], ...]
PAIRS: tuple[tuple[tuple[Form, ...], Messages], ...] = (
    (service_events.EVENTS, (*aws.HINDERED, *aws.UNHEALTHY, *aws.ROLLOUTS, *aws.HEALTHY_DAY)),
    (no_room.LIST.forms, (*aws.PLACEMENT, *aws.FAILURES)),
    (image_pulls.PULLS, aws.PULLS),
    (task_starts.LIST.forms, aws.STARTS),
    (stops.LIST.forms, aws.STOPS),
    (target_health.REASONS, aws.TARGETS),
    (scaling.LIST.forms, aws.SCALING),
)
ROWS = [(forms, text, cause) for forms, told in PAIRS for text, cause in told]
# Names that AWS takes, made of words that mean something elsewhere.
NAMES = (
    "api",
    "unable-to-place-a-task",
    "has-reached-a-steady-state",
    "was_unable_to_place_a_task._Reason:_AGENT",
    "CannotPullContainerError:",
    "AccessDeniedException:x",
    "OutOfMemoryError",
    "connection-issue:i/o-timeout",
    "rolling-back",
    "not-found",
)


def filled(text: str, name: str) -> str:
    return text.replace(aws.NAME, name)


@pytest.mark.parametrize(("forms", "text", "cause"), ROWS, ids=lambda v: str(v)[:60])
def test_a_message_shows_its_cause_whatever_names_stand_in_it(
    forms: tuple[Form, ...], text: str, cause: str
) -> None:
    hits = [match(forms, filled(text, name)) for name in NAMES]
    assert [h.form.causes[:1] if h else None for h in hits] == [(cause,) if cause else ()] * 10
    assert len({h.form for h in hits if h}) == 1


@pytest.mark.parametrize(("forms", "told"), PAIRS, ids=lambda v: str(len(v)))
def test_no_row_is_without_a_message_that_it_alone_finds(
    forms: tuple[Form, ...], told: Messages
) -> None:
    found = [match(forms, filled(text, "api")) for text, _ in told]
    assert [f.text for f in forms if f not in {h.form for h in found if h}] == []


def test_the_document_has_every_list() -> None:
    assert {found.forms for found in LISTS} == {forms for forms, _ in PAIRS}


def test_a_row_names_known_causes_or_says_why_it_has_none() -> None:
    rows = [form for found in LISTS for form in found.forms]
    assert {c for form in rows for c in form.causes} <= set(ALL)
    assert [f.text for f in rows if not (f.causes or f.why or f.normal)] == []
    assert all(page.startswith("https://docs.aws.amazon.com/") for x in LISTS for page in x.pages)


@pytest.mark.parametrize(
    "message",
    [
        "it said: (service api) was unable to place a task. Reason: AGENT",
        "(service api has reached a steady state) was unable",
        "(service api) has not reached a steady state",
        "(service api) reads: has reached a steady state",
        "",
    ],
)
def test_what_only_holds_the_words_of_a_message_is_none(message: str) -> None:
    assert match(service_events.EVENTS, message) is None


def test_every_code_that_the_api_knows_has_its_row() -> None:
    known = Session()
    codes = known.get_service_model("ecs").shape_for("TaskStopCode").enum
    assert [f.text for f in stops.CODES] == codes
    reasons = known.get_service_model("elbv2").shape_for("TargetHealthReasonEnum").enum
    assert {f.text for f in target_health.REASONS} == set(reasons)


OWN_WORDS = Form(
    text="(service <service>) of <name> has <n> of <n> [late ]tasks (<name>): <reason_text>",
    causes=("deployment-stuck",),
)


@pytest.mark.parametrize(
    "message",
    [
        "(service api) of a/1 has 2 of 3 tasks (b): all (is) lost",
        "(SERVICE api) OF a/1 Has 2 OF 3  late\ttasks (b):\nall (is) lost",
        "(service api, taskSet ecs-svc/1) of a/1 has 2 of 3 tasks (b): all (is) lost",
    ],
)
def test_what_stands_at_the_places_of_a_message_is_kept_by_its_first_name(message: str) -> None:
    found = match((OWN_WORDS,), message)
    assert found is not None
    assert found == (
        OWN_WORDS, {"service": "api", "name": "a/1", "reason_text": "all (is) lost"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "message",
    [
        "(service api) of a/1 has two of 3 tasks (b): lost",  # no number
        "(service api) of a 1 has 2 of 3 tasks (b): lost",  # a name has no blank
        "(service api) of a/1 has 2 of 3 tasks (b",
        "(service api) of a/1 has 2 of 3 latetasks (b): lost",
        "x (service api) of a/1 has 2 of 3 tasks (b): lost",
    ],
)
def test_other_words_at_these_places_are_another_message(message: str) -> None:
    assert match((OWN_WORDS,), message) is None


@pytest.mark.parametrize(
    ("text", "message", "fits"),
    [
        ("<service> is late", "api is late", True),  # a service at another place is a name
        ("rolling back", "rolling backwards", False),
        ("rolling back", "rolling back.", True),
        ("denied: ", "denied: x", True),
        ("it's full", "it\u2019s full", True),
        ("full", "  full", True),
        ("a.c", "abc", False),
        ("AGENT", "agent", True),
    ],
)
def test_a_form_ends_with_a_word_and_takes_no_letter_for_another(
    text: str, message: str, fits: bool
) -> None:
    found = match((Form(text=text),), message)
    assert (found is not None) is fits


def test_a_service_at_another_place_is_kept_as_a_name() -> None:
    found = match((Form(text="<service> is late"),), "api is late")
    assert found is not None and found.fields == {"service": "api"}


def test_a_message_is_compared_to_its_two_thousandth_character() -> None:
    assert plain("a" * 1_999 + "bc") == "a" * 1_999 + "b"
    assert plain(" it\u2019s\n\tfull ") == "it's full"


def test_a_message_of_a_healthy_day_is_known_as_one() -> None:
    normal = {found.title: [f.text for f in found.forms if f.normal] for found in LISTS}
    assert normal["Activities of a service's own scaling"] == [
        scaling.SET_TO.text, *(f.text for f in scaling.CAUSES),
    ]  # fmt: skip
    assert normal["Stop codes and reasons of tasks that ran"] == [
        "UserInitiated", "SpotInterruption", "TerminationNotice", "Scaling activity initiated by (",
        "Task stopped by user", "Host EC2 (instance <instance>) stopped",
        "Host EC2 (instance <instance>) terminated",
        "Container instance deregistration forced by user",
        "ECS is performing maintenance on the underlying infrastructure hosting the task",
    ]  # fmt: skip
    assert normal["Target health reason codes"] == [
        "Elb.RegistrationInProgress", "Elb.InitialHealthChecking",
        "Target.DeregistrationInProgress", "Target.HealthCheckDisabled",
    ]  # fmt: skip
    assert normal["Service events"] == [f.text for f in service_events.HEALTHY_DAY]
    assert sum(map(bool, normal.values())) == 4


def test_a_way_is_closed_by_one_of_five_causes() -> None:
    assert WAYS == (
        "security-group-blocked", "network-acl-blocked", "vpc-route-missing", "nat-gone",
        "endpoint-missing",
    )  # fmt: skip


def test_a_form_ends_with_its_last_letter_and_leaves_out_what_is_missing() -> None:
    form = Form(text="it is[ (port <port>)] a")
    assert match((form,), "it is abc") is None
    assert match((form,), "it is a. ") == (form, {})
    assert match((form,), "it is (port 7) a") == (form, {"port": "7"})
