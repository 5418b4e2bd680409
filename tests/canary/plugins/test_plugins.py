"""A plug-in is found by its entry point; one that is broken is named, and costs itself alone."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from canary import plugins
from canary.cli.validate import broken_plugins
from canary.config import ConfigError, load
from canary.diagnose import diagnose
from canary.diagnose.core.slices import Slices
from canary.diagnose.plugged import plugged_rules
from canary.messages.channels import row_of, wants
from canary.messages.channels.form import Given, RefusedError
from canary.messages.channels.plugged import problem_of
from canary.model import Channel, Status
from canary.plugins import CHANNELS, KINDS, RULES, PluginError
from canary.probes.plugged import ALL_KINDS, AllKinds, working
from tests.canary.support import platforms, worlds

MODULE = """
import msgspec
from hokusai_canary import channels, kinds, rules

class Spec(kinds.Frozen, frozen=True, kw_only=True):
    text: str = "well"

def good(check, spec, context):
    context.record(kinds.Stopwatch(context).step(spec.text, [kinds.assertion("a", 1, 1, True)]))

def bad(check, spec, context):
    raise LookupError("no such thing")

def leaves(check, spec, context):
    raise SystemExit(7)

def count(spec):
    raise ValueError("not counted")

class Angry(kinds.Frozen, frozen=True, kw_only=True):
    def __post_init__(self):
        raise RuntimeError("not today")

GOOD = kinds.Kind(name="good", spec=Spec, run=good, summary="all is well", requests=count)
BAD = kinds.Kind(name="bad", spec=Spec, run=bad, summary="")
LEAVES = kinds.Kind(name="leaves", spec=Spec, run=leaves, summary="")
ANGRY = kinds.Kind(name="angry", spec=Angry, run=good, summary="")
NO_SPEC = kinds.Kind(name="no-spec", spec=int, run=good, summary="")
NUMBER = 3

def sees(case):
    yield rules.Finding(
        cause="acme", service="api", resource="api", confidence=rules.Confidence.LIKELY,
        summary="It is Acme.", remedy=rules.Remedy(summary="Call.", decision="Call Acme."),
        explained_failures=case.failures,
    )

def raises(case):
    raise KeyError("lost")
    yield

def nonsense(case):
    yield 7

SEES = rules.Rule(find=sees, rank=rules.SERVE)
RAISES = rules.Rule(find=raises, rank=rules.SERVE)
NONSENSE = rules.Rule(find=nonsense, rank=rules.SERVE)

def form(message, given):
    return channels.post(channels.key(given, "url"), {"text": message})

def wrong(message, given):
    raise ZeroDivisionError

ROW = channels.Row(form=form)
WRONG = channels.Row(form=wrong)
"""
POINTS = """
[hokusai_canary.kinds]
good = acme_things:GOOD
bad = acme_things:BAD
leaves = acme_things:LEAVES
angry = acme_things:ANGRY
no-spec = acme_things:NO_SPEC
number = acme_things:NUMBER
gone = acme_gone:KIND
ends = acme_ends:KIND
endpoint = acme_things:GOOD

[hokusai_canary.rules]
sees = acme_things:SEES
raises = acme_things:RAISES
nonsense = acme_things:NONSENSE
gone-rule = acme_gone:RULE

[hokusai_canary.channels]
room = acme_things:ROW
wrong = acme_things:WRONG
gone-room = acme_gone:ROW
slack = acme_things:ROW
"""


@pytest.fixture(autouse=True)
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a distribution of Acme onto the path, as an installation would."""
    place = tmp_path / "site"
    info = place / "acme_things-1.0.dist-info"
    info.mkdir(parents=True)
    (place / "acme_things.py").write_text(MODULE)
    (place / "acme_ends.py").write_text("raise SystemExit('at once')\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-things\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(place)
    plugins.installed.cache_clear()
    yield
    plugins.installed.cache_clear()
    ALL_KINDS.forget()
    sys.modules.pop("acme_things", None)


def kinds() -> AllKinds:
    return AllKinds(worlds.KINDS)


def ran(kind: str) -> list[tuple[str, Status, str]]:
    """Carry a check of a kind out, beside one of ours."""
    known = kinds()
    spec = getattr(known[kind].spec, "__struct_fields__", None)
    own = msgspec.structs.replace(
        worlds.check("api.theirs", kind), spec=known[kind].spec() if spec is not None else {}
    )
    made = worlds.config(own, worlds.check("api.ours", "passes"))
    found = worlds.carried_out(made, kinds=known).results
    return [(r.check_id, r.status, r.reason) for r in found]


def test_a_kind_of_a_plug_in_runs_beside_ours() -> None:
    assert ran("good") == [
        ("api.theirs", Status.PASS, ""),
        ("api.ours", Status.PASS, ""),
    ]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("bad", "LookupError: no such thing"),
        ("leaves", "SystemExit: 7"),
        ("gone", "ModuleNotFoundError: No module named 'acme_gone'"),
        ("ends", "SystemExit: at once"),
        ("number", "is no Kind, but a int"),
        ("no-spec", "its spec is no msgspec.Struct"),
    ],
)
def test_a_broken_kind_is_an_error_with_its_name_and_all_others_run(kind: str, why: str) -> None:
    theirs, ours = ran(kind)
    assert theirs[:2] == ("api.theirs", Status.ERROR)
    assert theirs[2] == f"PluginError: plug-in acme-things, kind {kind}: {why}"
    assert ours == ("api.ours", Status.PASS, "")


def test_names_of_ours_come_first() -> None:
    assert ALL_KINDS["endpoint"].summary != "all is well"
    assert row_of(Channel(kind="slack", secret="s")).form.__module__ == (
        "canary.messages.channels.slack"
    )


def test_pages_have_the_kinds_that_can_be_used() -> None:
    found = set(working(ALL_KINDS))
    assert {"endpoint", "good", "bad", "leaves", "angry"} <= found
    assert not found & {"gone", "ends", "number", "no-spec"}


ENVIRONMENT = """
name = "acme"
account = "123456789012"
region = "eu-central-1"
cluster = ""
[services.api]
url = "https://api.example"
[notify]
page = []
[[notify.channels]]
kind = "{channel}"
secret = "s"
[[check]]
id = "api.it"
title = "It is well"
kind = "{kind}"
suite = "endpoints"
service = "api"
severity = "low"
"""


def problems(
    tmp_path: Path, kind: str = "good", channel: str = "room", more: str = ""
) -> list[str]:
    file = tmp_path / "acme.toml"
    file.write_text(ENVIRONMENT.format(kind=kind, channel=channel) + more)
    try:
        load(str(file))
    except ConfigError as error:
        return error.problems
    return []


def test_a_plug_in_is_configured_as_ours_are(tmp_path: Path) -> None:
    assert problems(tmp_path) == []
    assert problems(tmp_path, more="[check.spec]\nnonsense = 1\n") == [
        "acme.toml: api.it: spec.nonsense: unknown key"
    ]
    assert problems(tmp_path, kind="angry") == [
        "acme.toml: api.it: spec: angry cannot read it: RuntimeError: not today"
    ]
    assert problems(tmp_path, kind="gone") == [
        "acme.toml: api.it: kind: plug-in acme-things, kind gone: ModuleNotFoundError:"
        " No module named 'acme_gone'"
    ]
    (unknown,) = problems(tmp_path, channel="nowhere")
    assert unknown.startswith("acme.toml: notify.channels[0].kind: unknown channel nowhere (")


def test_a_running_function_is_not_ended_by_a_plug_in_that_is_gone(tmp_path: Path) -> None:
    problems(tmp_path, kind="gone")
    loaded = load(str(tmp_path / "acme.toml"), authoring=False)
    assert [c.kind for c in loaded.checks] == ["gone"]


def test_every_broken_plug_in_is_told_by_validate() -> None:
    assert {line.partition(": ")[0] for line in broken_plugins()} == {
        *(f"plug-in acme-things, kind {name}" for name in ("gone", "ends", "number", "no-spec")),
        "plug-in acme-things, rule gone-rule",
        "plug-in acme-things, channel gone-room",
    }


def test_rules_of_plug_ins_are_applied_and_a_broken_one_is_lost_alone() -> None:
    rules, broken = plugged_rules()
    assert broken == (
        "plug-in acme-things, rule gone-rule: ModuleNotFoundError: No module named 'acme_gone'",
    )
    names = platforms.Names()
    made = worlds.config(worlds.check("api.it", "fails"))
    results = worlds.carried_out(made, kinds=kinds()).results
    slices = Slices(lambda _seconds, action: action(), 5.0)
    found = diagnose(
        results,
        platforms.healthy(),
        msgspec.structs.replace(platforms.environment(names), services=made.environment.services),
        None,
        platforms.NOW,
        slices=slices,
        rules=rules,
    )
    assert [(d.cause, d.summary) for d in found.diagnoses] == [("acme", "It is Acme.")]
    assert sorted(slices.lost) == ["acme_things.nonsense", "acme_things.raises"]
    assert "plug-in acme-things, rule raises: KeyError: 'lost'" in slices.lost["acme_things.raises"]


def test_a_channel_of_a_plug_in_makes_its_post_and_a_broken_one_refuses() -> None:
    given = Given(secret={"url": "https://acme.example/hook"})
    form = functools.partial(row_of(Channel(kind="room", secret="s")).form, "hello")
    assert form(given).url == "https://acme.example/hook"
    with pytest.raises(RefusedError, match="the secret has no url"):
        form(Given(secret={}))
    with pytest.raises(PluginError, match="plug-in acme-things, channel wrong: ZeroDivision"):
        row_of(Channel(kind="wrong", secret="s")).form("hello", given)
    for gone in ("gone-room", "never-there"):
        with pytest.raises(RefusedError, match=gone):
            row_of(Channel(kind=gone, secret="s")).form("hello", given)
    assert problem_of("room") == "" and callable(wants)


def test_plug_ins_are_found_without_being_imported() -> None:
    assert set(plugins.names(RULES)) == {"gone-rule", "nonsense", "raises", "sees"}
    assert plugins.named(KINDS, "nowhere") is None
    assert "room" in plugins.names(CHANNELS)
    assert "acme_things" not in sys.modules
