"""Mutants are made as described, chosen by a seed, put into place, and judged ones still exist."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.__main__ import files, folders_of_tests, further, users
from tests.mutants.apply import code_of, exchange, module_name
from tests.mutants.covering import Covering, Measuring, digest
from tests.mutants.equivalents import equivalents, key
from tests.mutants.fork import TimeUpError, forked
from tests.mutants.sample import ROOT, Mutant, mutants, mutated, sample
from tests.mutants.session import Mutating, Outcome, by_turns, in_turn, within
from tests.mutants.table import Row, rows, table
from tests.mutants.test_sweep import ROOMS

SOURCE = '''"""Say something."""
from typing import Any
LIMIT: int = 3
NAMES = ("a", "b")

def most(values: list[int], *, of: int = 2) -> bool:
    """Tell."""
    found = [v for v in values if v > 1]
    if not found or of < LIMIT:
        return False
    found.sort(reverse=True)
    return any(found[:2])
'''


def made() -> list[Mutant]:
    return mutants("canary/most.py", SOURCE)


def test_each_kind_of_change_is_made_and_nothing_else() -> None:
    assert sorted((m.line, m.change) for m in made()) == sorted(
        [
            (3, "3 -> 4"), (3, "3 -> 2"),
            (4, "('a', 'b') -> ('b',)"), (4, "('a', 'b') -> ('a',)"),
            (4, "'a' -> 'a~'"), (4, "'b' -> 'b~'"), (6, "2 -> 3"), (6, "2 -> 1"),
            (8, "[v for v in values if v > 1] -> [v for v in values]"),
            (8, "v > 1 -> v >= 1"), (8, "1 -> 2"), (8, "1 -> 0"),
            (9, "not found or of < LIMIT -> True"), (9, "not found or of < LIMIT -> False"),
            (9, "not found or of < LIMIT -> not found and of < LIMIT"),
            (9, "not found or of < LIMIT -> of < LIMIT"),
            (9, "not found or of < LIMIT -> not found"), (9, "not found -> found"),
            (9, "of < LIMIT -> of <= LIMIT"), (10, "return False -> return None"),
            (10, "False -> True"), (11, "found.sort(reverse=True) -> pass"),
            (11, "found.sort(reverse=True) -> found.sort()"), (11, "True -> False"),
            (12, "return any(found[:2]) -> return True"),
            (12, "return any(found[:2]) -> return False"),
            (12, "any(found[:2]) -> all(found[:2])"), (12, "found[:2] -> found"),
            (12, "2 -> 3"), (12, "2 -> 1"),
        ]
    )  # fmt: skip


def test_a_mutant_knows_its_function_and_its_statement() -> None:
    found = {m.change: m for m in made()}
    assert found["v > 1 -> v >= 1"].function == "most"
    assert found["2 -> 3"].function == "most"
    assert found["3 -> 4"].function == ""
    assert [m.function for m in made() if m.line == 6] == ["", ""]
    assert found["not found -> found"].statement == "if not found or of < LIMIT:"


def test_a_mutant_differs_in_one_place() -> None:
    whole = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in made():
        changed = ast.unparse(mutated(SOURCE, mutant.index)).splitlines()
        assert sum(a != b for a, b in zip(whole, changed, strict=True)) == 1, mutant.change


def test_a_seed_chooses_the_same_sample_and_at_most_two_of_a_line() -> None:
    found = made()
    chosen = sample(found, "seed", 12)
    assert chosen == sample(found, "seed", 12) != sample(found, "another", 12)
    assert len(chosen) == 12 and max(Counter(m.line for m in chosen).values()) <= 2
    assert len(sample(found, "seed", 1000)) == len(sample(found, "other", 1000)) == 16


def one(module: str, statement: str, change: str) -> Mutant:
    source = (ROOT / module).read_text(encoding="utf-8")
    (found,) = [
        m for m in mutants(module, source) if (m.statement, m.change) == (statement, change)
    ]
    return found


FIREWALL = "canary/control_plane/firewall.py"
SCHEME = one(FIREWALL, 'ANYWHERE = "0.0.0.0/0"', "'0.0.0.0/0' -> '0.0.0.0/0~'")
COVERS = one(
    FIREWALL, 'everything = rule.protocol == "-1" or rule.from_port == -1',
    "rule.protocol == '-1' -> rule.protocol != '-1'",
)  # fmt: skip


def test_the_code_of_a_function_is_exchanged_in_a_process_of_its_own() -> None:
    def covers() -> tuple[bool, bool]:
        from canary.control_plane.firewall import covers_port
        from canary.control_plane.state import GroupRule

        rule = GroupRule(protocol="tcp", from_port=1, to_port=1)
        return exchange(COVERS), covers_port(rule, 9)

    assert forked(covers, 20) == (True, True)
    from canary.control_plane.firewall import covers_port
    from canary.control_plane.state import GroupRule

    assert not covers_port(GroupRule(protocol="tcp", from_port=1, to_port=1), 9)


def test_what_the_import_executes_cannot_be_exchanged() -> None:
    assert not exchange(SCHEME)
    namespace: dict[str, object] = {"__name__": "canary.control_plane.firewall"}
    exec(code_of(SCHEME), namespace)
    assert namespace["ANYWHERE"] == "0.0.0.0/0~"


def test_a_process_that_hangs_or_fails_is_told_from_one_that_answers() -> None:
    def hangs() -> None:
        while True:
            pass

    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(TimeUpError):
        forked(hangs, 0.3)
    with pytest.raises(RuntimeError, match="KeyError: 'x'"):
        forked(fails, 20)


def test_the_tests_of_a_line_and_of_an_import() -> None:
    lines = {
        FIREWALL: {COVERS.line: frozenset({"t/a.py::one"}), 1: frozenset({"t/a.py::two"})},
        "user.py": {1: frozenset({"t/b.py::three"})},
    }
    seconds = {"t/a.py::one": 2.0, "t/a.py::two": 1.0, "t/b.py::three": 0.5, "t/c.py::four": 3.0}
    covering = Covering(seconds, lines, ("t/c.py::five",))
    assert covering.of(COVERS, ("user.py", "t/c.py")) == ["t/a.py::one"]
    assert covering.of(SCHEME, ("user.py", "t/c.py")) == [
        "t/b.py::three", "t/a.py::two", "t/a.py::one", "t/c.py::four",
    ]  # fmt: skip


def test_what_is_new_or_changed_is_measured_again_and_nothing_else() -> None:
    here, there = "tests/mutants/test_mutants.py", "tests/mutants/test_sweep.py"
    tests = [f"{here}::a", f"{there}::b", f"{there}::c"]
    user = "canary/control_plane/ecs.py"
    texts = {f: digest(f) for f in (FIREWALL, user, here, there)}
    lines = {FIREWALL: {3: frozenset({f"{there}::b"})}, user: {1: frozenset({f"{here}::a"})}}
    known = Covering(dict.fromkeys(tests, 1.0), lines, (f"{there}::c",), {}, texts)
    assert known.to_measure([*tests, f"{here}::new"], lines) == [f"{here}::new"]
    assert known.to_measure(tests, [FIREWALL, "canary/control_plane/unread.py"]) == tests
    edited = replace(known, texts={**texts, FIREWALL: "another"})
    assert edited.to_measure(tests, lines) == [f"{there}::b"]
    assert replace(known, texts={**texts, here: "another"}).to_measure(tests, lines) == tests[:1]

    again = Covering(
        {f"{there}::b": 2.0}, {FIREWALL: {4: frozenset({f"{there}::b"})}}, (), {}, texts
    )
    found = edited.with_new(again)
    assert found.lines == {FIREWALL: again.lines[FIREWALL], user: lines[user]}
    assert known.with_new(again).lines[FIREWALL] == {3: frozenset(), **again.lines[FIREWALL]}
    assert found.seconds == {**known.seconds, f"{there}::b": 2.0}
    assert (found.failed, found.texts) == ((f"{there}::c",), texts)


def test_killers_come_first_then_the_tests_of_the_module_then_all_others() -> None:
    seconds = dict.fromkeys(("o/z.py::a", "t/b.py::b", "t/b.py::c[1]", "t/b.py::c[2]", "x::k"), 1.0)
    lines = {FIREWALL: {COVERS.line: frozenset(seconds)}}
    mutating = Mutating({}, {FIREWALL: ("t/b.py",)}, 4.0, print, Covering(seconds, lines))
    assert mutating.tests_for(COVERS, ["x::k", "gone"], set(seconds)) == [
        "x::k", "t/b.py::b", "t/b.py::c[1]", "t/b.py::c[2]",
    ]  # fmt: skip


def test_a_test_that_takes_long_comes_after_the_quick_ones() -> None:
    seconds = {"x::slow": 0.2, "x::quick[1]": 0.1, "x::quick[2]": 0.05, "t/b.py::slow": 0.9}
    lines = {FIREWALL: {COVERS.line: frozenset(seconds)}}
    mutating = Mutating({}, {FIREWALL: ("t/b.py",)}, 9.0, print, Covering(seconds, lines))
    assert mutating.tests_for(COVERS, [], set(seconds)) == [
        "t/b.py::slow", "x::quick[2]", "x::quick[1]", "x::slow",
    ]  # fmt: skip


def test_a_test_that_gets_far_into_the_module_comes_early() -> None:
    tests = [f"x::t[{n}]" for n in range(6)]
    lines = {1: frozenset(tests), COVERS.line: frozenset(tests), 9: frozenset({tests[4]})}
    covering = Covering(dict.fromkeys(tests, 1.0), {FIREWALL: lines})
    assert covering.depth(FIREWALL) == {**dict.fromkeys(tests, 1 / 3), tests[4]: 1 / 3 + 1}
    assert covering.depth("unknown.py") == {}
    mutating = Mutating({}, {}, 2.0, print, covering)
    assert mutating.tests_for(COVERS, [], set(tests)) == [tests[0], tests[4]]


def test_plug_ins_can_be_told_apart() -> None:
    """Pytest keeps plug-ins in sets where a folder has plug-ins of its own."""
    assert len({Mutating({}, {}, 1.0, print), Mutating({}, {}, 1.0, print), Measuring([])}) == 3


def test_each_function_has_its_turn_within_the_time() -> None:
    assert in_turn(["a[1]", "a[2]", "b", "c[1]"]) == ["a[1]", "b", "c[1]", "a[2]"]
    assert by_turns(["a", "b", "c"], ["c", "a", "b"]) == ["a", "c", "b"]
    seconds = {"a": 1.0, "b": 2.0, "c": 1.0}
    assert within(["a", "b", "c"], seconds, 2.5) == ["a"]
    assert within(["b", "a"], seconds, 0.5) == ["b"]


def test_folders_have_modules_tests_and_users() -> None:
    assert files(["canary/control_plane"])[0] == "canary/control_plane/__init__.py"
    assert files([FIREWALL]) == [FIREWALL]
    assert folders_of_tests(["canary/diagnose/core", FIREWALL]) == [
        "tests/canary/diagnose", "tests/canary/control_plane", "tests/house/test_documents.py",
    ]  # fmt: skip
    assert folders_of_tests(["canary/messages"]) == [
        "tests/canary/messages",
        "tests/canary/plugins",
    ]
    using = users([FIREWALL])[FIREWALL]
    assert "canary/diagnose/remedies/network.py" in using
    assert "canary/control_plane/routing.py" not in using
    assert module_name("canary/diagnose/__init__.py") == "canary.diagnose"


def test_a_table_is_tested_by_files_that_take_it_from_another_module() -> None:
    codes, page = "canary/diagnose/balancer/server_codes.py", "tests/canary/diagnose/balancer"
    using = users([codes])
    assert using == {codes: ("canary/diagnose/balancer/meanings.py",)}
    assert further(using) == {codes: (f"{page}/test_around.py", f"{page}/test_meanings.py")}
    assert further({codes: (f"{page}/test_meanings.py",)}) == {codes: ()}
    seconds = dict.fromkeys([f"{page}/test_meanings.py::a", f"{page}/test_blocked.py::b"], 1.0)
    covering = Covering(seconds, {}, (f"{page}/test_meanings.py::gone",))
    text = mutants(codes, (ROOT / codes).read_text(encoding="utf-8"))[0]
    assert covering.of(text, using[codes]) == []
    assert covering.of(text, using[codes], further(using)[codes]) == [f"{page}/test_meanings.py::a"]
    made = replace(text, function="_row")  # no test executes it: the import may
    assert covering.by_import(made) and covering.by_import(text)
    assert covering.of(made, (), further(using)[codes]) == [f"{page}/test_meanings.py::a"]
    ran = Covering(seconds, {codes: {made.first: frozenset({f"{page}/test_blocked.py::b"})}})
    assert not ran.by_import(made) and ran.by_import(text)
    assert ran.of(made, (), further(using)[codes]) == [f"{page}/test_blocked.py::b"]


def test_each_room_that_the_sweep_counts_has_tests_of_its_own() -> None:
    for room in (name for names in ROOMS for name in names.split()):
        assert folders_of_tests([room])[0] == f"tests/{room}", room
        assert files([room]), room


def test_the_table_counts_equivalents_apart_and_names_survivors() -> None:
    outcomes = [Outcome(SCHEME, "", 0), Outcome(COVERS, "", 3), Outcome(COVERS, "t", 1)]
    listed = {key(SCHEME): "no matter"}
    found = rows(outcomes, listed)
    assert found == [Row(FIREWALL, 1, 1, 1)] and found[0].rate == 0.5
    text = table(found, outcomes, listed, "abc")
    assert text.splitlines()[0] == "seed abc"
    (survivor,) = [line for line in text.splitlines() if line.startswith("survived:")]
    assert survivor == f"survived: {FIREWALL}:{COVERS.line}: {COVERS.change}"
    assert Row("m", 0, 0, 3).rate == 1.0


def test_every_judged_mutant_still_exists_and_has_a_reason() -> None:
    listed = equivalents()
    modules = {module for module, *_ in listed}
    known = {
        key(m) for module in modules for m in mutants(module, Path(ROOT, module).read_text("utf-8"))
    }
    assert [k for k in listed if k not in known] == []
    assert all(len(reason) > 10 for reason in listed.values())
