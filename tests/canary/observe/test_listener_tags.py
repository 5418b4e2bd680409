"""Tags of listeners and rules are read in as few calls as AWS takes, and once in a run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from canary.control_plane.state import LoadBalancer
from canary.observe import observe, refresh_failing
from canary.observe.calls import Reader
from canary.observe.reading import listener_tags
from tests.canary.support.moto_platform import Recorder, environment

TAGS = "elasticloadbalancing:DescribeTags"


def counted(clients: Recorder) -> Counter[str]:
    """Return the calls of this recorder by action."""
    found: Counter[str] = Counter()
    for request, times in clients.requests.items():
        found[request.partition(" ")[0]] += times
    return found


@pytest.fixture(scope="module")
def front(aws: str) -> LoadBalancer:
    """The platform's balancer with two more listeners: 1, 14 and 8 rules of their own."""
    elb = Recorder(aws).client("elbv2")
    arn = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    for port, rules in ((8080, 1), (8081, 8)):
        listener = elb.create_listener(
            LoadBalancerArn=arn, Protocol="HTTP", Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )["Listeners"][0]["ListenerArn"]  # fmt: skip
        for n in range(1, rules + 1):
            elb.create_rule(
                ListenerArn=listener, Priority=n, Tags=[{"Key": "rule", "Value": f"{port}-{n}"}],
                Conditions=[{"Field": "path-pattern", "Values": [f"/q{n}/*"]}],
                Actions=[{"Type": "forward", "TargetGroupArn": group}],
            )  # fmt: skip
    (found,) = observe(Recorder(aws), environment()).load_balancers
    return found


def tagged(clients: Recorder, front: LoadBalancer, *known: Any) -> LoadBalancer:
    bare = tuple(
        msgspec.structs.replace(
            x, tags={}, rules=tuple(msgspec.structs.replace(r, tags={}) for r in x.rules)
        )
        for x in front.listeners
    )
    untold = msgspec.structs.replace(front, listeners=bare)
    (found,) = listener_tags.added(Reader(clients, environment()), (untold,), known)
    return found


def test_the_tags_of_all_listeners_take_one_call_for_twenty_of_them(
    aws: str, front: LoadBalancer
) -> None:
    clients = Recorder(aws)
    found = tagged(clients, front)
    assert counted(clients) == {TAGS: 2}  # of 3 listeners and 23 rules
    assert found == front
    own = {r.tags.get("rule") for x in found.listeners for r in x.rules} - {None}
    assert own == {"8080-1", *(f"8081-{n}" for n in range(1, 9))}
    assert [x.unread for x in found.listeners] == [(), (), ()]


def test_of_listeners_that_this_run_knows_nothing_is_asked(aws: str, front: LoadBalancer) -> None:
    clients = Recorder(aws)
    first, *others = front.listeners
    assert tagged(clients, front, *front.listeners) == front
    assert clients.requests == Counter()
    unread = msgspec.structs.replace(first, unread=("tags",), tags={"old": "x"})
    assert tagged(clients, front, unread, *others) == front
    assert counted(clients) == {TAGS: 1}


def test_a_rule_that_is_gone_costs_the_tags_of_its_own_listener(
    aws: str, front: LoadBalancer
) -> None:
    *others, last = front.listeners
    gone = last.rules[0].arn  # deleted after the rules were listed
    clients = Recorder(aws, denied=TAGS, only=gone, code="RuleNotFound")
    found = tagged(clients, front)
    assert [x.unread for x in found.listeners] == [(), (), ("tags",)]
    assert found.listeners[:2] == tuple(others)
    assert 3 < counted(clients)[TAGS] <= 5


def test_where_the_tags_are_denied_each_listener_has_them_unread(
    aws: str, front: LoadBalancer
) -> None:
    clients = Recorder(aws, denied=TAGS)
    assert [x.unread for x in tagged(clients, front).listeners] == [("tags",)] * 3


def test_a_failing_run_asks_for_attributes_of_listeners_and_revisions_once(
    aws: str, front: LoadBalancer
) -> None:
    """What is no cause, or cannot change, is not read again; all the rest is."""
    clients = Recorder(aws)
    state = observe(clients, environment())
    before = counted(clients)
    found = refresh_failing(clients, environment(), state, ["api"])
    again = counted(clients) - before
    prefix = "elasticloadbalancing:Describe"
    once = {f"{prefix}Tags", f"{prefix}ListenerAttributes", "ecs:DescribeTaskDefinition"}
    assert {a: again[a] for a in once} == dict.fromkeys(once, 0)
    elb = {a: n for a, n in before.items() if a.startswith(prefix) and a not in once}
    assert {a: n for a, n in again.items() if a.startswith(prefix)} == elb
    kept = ("load_balancers", "task_definitions")
    assert [getattr(found, k) for k in kept] == [getattr(state, k) for k in kept]


def test_a_rule_that_came_between_the_readings_has_its_tags(aws: str, front: LoadBalancer) -> None:
    clients = Recorder(aws)
    state = observe(clients, environment())
    elb, last = clients.client("elbv2"), front.listeners[-1]
    group = last.rules[0].action.forwards[0].target_group
    made = elb.create_rule(
        ListenerArn=last.arn, Priority=99, Tags=[{"Key": "rule", "Value": "new"}],
        Conditions=[{"Field": "path-pattern", "Values": ["/new"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Rules"][0]["RuleArn"]  # fmt: skip
    found = refresh_failing(clients, environment(), state, ["api"])
    elb.delete_rule(RuleArn=made)
    rules = {r.arn: r.tags for x in found.load_balancers[0].listeners for r in x.rules}
    assert rules[made] == {"rule": "new"}
