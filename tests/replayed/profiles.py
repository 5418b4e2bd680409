"""The table of docs/operations.md: how soon each profile tells; and its false pages."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from canary.config import load
from canary.model import Config, Profile
from tests.infra.conftest import DEVELOPMENT, synthesize
from tests.replayed.clock import alarms
from tests.replayed.scenarios import BY_NAME, noise, one_check_down
from tests.replayed.table import Row, replayed, row, times
from tests.replayed.template import Template, alarms_of
from tests.replayed.told import QUARTER, SEED, together, written

INCIDENTS = 30
NOT_CRITICAL = "registry.docs"
PAGED = ("registry down", "MLflow down", "registration alone", "2 of 3 runs down", "canary dead")
"""Scenarios of the table that page; the last one of it fails one check that is not critical."""
COLUMNS = ("standard", "lean", "full")
"""The profiles of the table, from left to right."""
PAGE = "operations.md"


def alarms_in(profile: Profile, code: str) -> tuple[Template, Config]:
    """Return what a profile deploys, as the replayer reads it, and the configuration."""
    config = load(str(DEVELOPMENT))
    where = msgspec.structs.replace(config.environment, profile=profile)
    config = msgspec.structs.replace(config, environment=where)
    return alarms_of(synthesize(config, code)), config


def rows_of(found: Template, config: Config) -> tuple[dict[str, Row], Row]:
    """Return the rows of the scenarios that page, and of the check that is not critical."""
    rows = {name: row(found, config, BY_NAME[name], INCIDENTS, SEED) for name in PAGED}
    return rows, row(found, config, one_check_down(NOT_CRITICAL), INCIDENTS, SEED)


def figures(rows: dict[str, Row], other: Row) -> dict[str, str]:
    """Return the cells of one profile by the first cell of their line."""
    hard = together([rows["registry down"], rows["MLflow down"]])
    alone, often, dead = (
        rows[name] for name in ("registration alone", "2 of 3 runs down", "canary dead")
    )
    return {
        "hard down (registry, MLflow): paged after": times(hard.paged, hard.incidents),
        "registration alone, every five minutes: paged after": times(alone.paged, alone.incidents),
        "two of three runs down: told after": times(often.told, often.incidents),
        "two of three runs down: paged after": times(often.paged, often.incidents),
        "the canary is dead: paged after": times(dead.paged, dead.incidents),
        "one check that is not critical down: ticket after": times(other.told, other.incidents),
        "tickets of the last incident": f"{other.tickets:g}",
    }


def false_pages(found: Template, config: Config, probability: float) -> list[str]:
    """Return the alarms that page in a quarter in which each check fails by itself."""
    seen = replayed(found, config, noise(probability), QUARTER, SEED)
    return [page.alarm for page in alarms(seen, "page")]


def documented(title: str, profile: Profile) -> str:
    """Return a profile's cell of the document."""
    return written(PAGE, title).split("|")[2 + COLUMNS.index(profile.value)].strip()


def every(code: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of the table: first cell and line."""
    made = [alarms_in(Profile(name), code) for name in COLUMNS]
    found = [figures(*rows_of(*one)) for one in made]
    for title in found[0]:
        yield title, f"| {' | '.join((title, *(cells[title] for cells in found)))} |"
