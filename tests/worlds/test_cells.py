"""Cells: which there are, how they are divided, drawn and taken up again."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.faults import FAULTS
from sandbox.world.load import CLASSIC, known, load
from tests.worlds import matrix, quiet
from tests.worlds.cells import (
    Cell,
    ShardError,
    cells,
    expected,
    pairs,
    place,
    reasons,
    sample,
    shard,
)
from tests.worlds.rows import FAULT, PAIR, Row

CELLS = [Cell("http-only", "a"), Cell("http-only", "b"), Cell("one-balancer", "a")]


@pytest.mark.parametrize("world", known())
def test_every_fault_is_a_cell_or_has_a_reason(world: str) -> None:
    planted = [cell.fault for cell in cells([world])]
    left = [fault for found in reasons(world).values() for fault in found]
    assert sorted(planted + left) == sorted(FAULTS)
    assert "" not in reasons(world)


@pytest.mark.parametrize("world", known())
def test_every_cell_expects_a_cause_at_one_place(world: str) -> None:
    places = {cell: place(cell) for cell in cells([world])}
    assert [
        cell for cell, (group, resource) in places.items() if bool(group) == bool(resource)
    ] == []


@pytest.mark.parametrize("world", known())
def test_a_world_expects_otherwise_only_of_faults_that_it_can_express(world: str) -> None:
    assert set(load(world).expects) <= {cell.fault for cell in cells([world])}


def test_the_expected_cause_is_the_fault_s() -> None:
    assert expected(Cell(CLASSIC, "api-blocked")) == "security-group-blocked"


def test_shards_hold_every_cell_once() -> None:
    every = cells(["http-only", "one-balancer"])
    found = [cell for k in (1, 2, 3) for cell in shard(every, f"{k}/3")]
    assert sorted(found) == sorted(every)
    assert shard(CELLS, "2/2") == [CELLS[1]]


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", ""])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ShardError) as error:
        shard(CELLS, text)
    assert str(error.value) == f"{text!r}: a shard is K/N, such as 2/4"


def test_a_sample_is_of_other_worlds_than_classic_and_changes_with_its_seed() -> None:
    every = cells([CLASSIC, "http-only", "one-balancer", "port-8443"])
    drawn = [sample(every, seed, worlds=2, each=12) for seed in "abcdefgh"]
    assert drawn[0] == sample(list(reversed(every)), "a", worlds=2, each=12)
    for found in drawn:
        assert [len(group) for group in found] == [12, 12]
        first, second = ({cell.world for cell in group} for group in found)
        assert len(first) == len(second) == 1 and not first & second
        assert CLASSIC not in first | second
    assert len({tuple(map(tuple, found)) for found in drawn}) == len(drawn)


def test_a_sample_takes_what_there_is() -> None:
    assert sample(CELLS, "a", worlds=9, each=1) in (
        [[one], [CELLS[2]]] for one in CELLS[:2]
    ) or sample(CELLS, "a", worlds=9, each=1) in ([[CELLS[2]], [one]] for one in CELLS[:2])


def row(what: str, commit: str, **more: object) -> Row:
    return Row(**{"kind": FAULT, "world": "http-only", "what": what, "commit": commit,
                  "at": "2026-01-01", **more})  # fmt: skip


def test_a_cell_with_a_row_of_this_commit_is_not_tried_again() -> None:
    had = [row("a", "now"), row("b", "before")]
    assert matrix.left(FAULT, CELLS, had, "now", fill=False) == CELLS[1:]
    assert matrix.left(FAULT, CELLS, had, "now", fill=True) == CELLS[2:]


def test_a_cell_that_crashed_and_a_pair_do_not_count_as_tried() -> None:
    had = [row("a", "now", crash="TimeoutError"), row("b", "now", kind=PAIR)]
    assert matrix.left(FAULT, CELLS, had, "now", fill=True) == CELLS


def test_a_command_line_that_is_wrong_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (["--shard", "5/4"], "'5/4': a shard is K/N, such as 2/4"),
        (["--world", "nowhere"], "argument --world: invalid choice: 'nowhere'"),
    ):
        with pytest.raises(SystemExit) as ended:
            matrix.arguments(words)
        assert (ended.value.code, told in capsys.readouterr().err) == (2, True)


@pytest.mark.parametrize("world", known())
def test_a_world_has_twenty_harmless_changes_or_says_why_not(world: str) -> None:
    names = [each.name for each in quiet.CHANGES]
    assert len(names) == len(set(names)) == 20
    mine = [each.name for each in quiet.wanted(load(world))]
    assert [n for n in names if not quiet.cannot(load(world), n)] == mine
    assert {*quiet.ALONE, *quiet.ROLLED, *quiet.SHIFTED} <= set(names)


def test_a_world_without_https_renews_no_certificate() -> None:
    assert quiet.cannot(load("http-only"), "renew the certificate") == "it has no HTTPS"
    assert quiet.cannot(load(CLASSIC), "renew the certificate") == ""


def test_a_service_that_another_deploys_is_not_rolled_or_shifted_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "theirs.toml"
    path.write_text(
        'sentence = "x"\n[services.api.details]\ndeploymentController = {type = "CODE_DEPLOY"}\n'
    )
    world = load(str(path))
    found = {each.name for each in quiet.CHANGES} - {each.name for each in quiet.wanted(world)}
    assert found == {*quiet.ROLLED, *quiet.SHIFTED}
    assert quiet.cannot(world, "shift all") == "CODE_DEPLOY deploys the service"


@pytest.mark.parametrize("world", known())
def test_pairs_are_five_that_the_world_can_express(world: str) -> None:
    found, possible = pairs(world), {cell.fault for cell in cells([world])}
    assert len(set(found)) == len(found) <= 5
    assert {fault for pair in found for fault in pair.split("+")} <= possible
    assert found == pairs(world)


def test_processes_of_cells_keep_their_bytecode() -> None:
    variables = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    matrix.keep_bytecode(variables)
    assert variables == {"PYTHONUNBUFFERED": "1"}
    matrix.keep_bytecode(variables)
    assert variables == {"PYTHONUNBUFFERED": "1"}
