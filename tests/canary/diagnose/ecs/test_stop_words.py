"""Which words of a process that ends at its start point to which cause; the first row decides."""

from __future__ import annotations

import re

import pytest

from canary.diagnose.ecs.stop_words import LOGS
from canary.diagnose.stores import refusals


def test_the_rows_and_their_order() -> None:
    assert [cause for _, cause in LOGS] == [
        "image-wrong-architecture",
        "database-connections-exhausted", "database-full", "database-read-only",
        "database-failing-over", "database-auth-failed", "database-schema-missing",
        "database-schema-outdated",
        "environment-variable-missing", "environment-variable-missing",
        "environment-variable-missing", "environment-variable-wrong", "secret-not-injected",
        "database-unreachable",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("exec /start.sh: exec format error", "image-wrong-architecture"),
        ("FATAL: sorry, too many clients already", refusals.CONNECTIONS),
        ("psycopg2.errors.DiskFull: x", refusals.FULL),
        ("ERROR: cannot execute INSERT in a read-only transaction", refusals.READ_ONLY),
        ("FATAL: the database system is starting up", refusals.FAILING_OVER),
        ("FATAL: password authentication failed for user", refusals.AUTH),
        ("no such table: experiments", refusals.SCHEMA),
        ("Detected out-of-date database schema", "database-schema-outdated"),
        ("KeyError: 'DATABASE_URL'", "environment-variable-missing"),
        ("DATABASE_URL is not set", "environment-variable-missing"),
        ("missing environment variable: DATABASE_URL", "environment-variable-missing"),
        ("Could not parse SQLAlchemy URL from string", "environment-variable-wrong"),
        ("Database password not found", "secret-not-injected"),
        ("could not connect to the database", "database-unreachable"),
        ("Listening on port 8000", ""),
    ],
)
def test_what_a_line_points_to(line: str, cause: str) -> None:
    found = next((c for words, c in LOGS if re.search(words.replace("PORT", "5432"), line)), "")
    assert found == cause
