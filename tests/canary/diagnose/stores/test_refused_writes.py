"""A database that answers, and takes no writes: MLflow's own answers name it, by 400 and by 503."""

from __future__ import annotations

import json

import pytest

from canary.diagnose import diagnose
from canary.model import Confidence
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

CREATE = f"{faults.PROXY}/experiments/create"
STATEMENT = "[SQL: INSERT INTO experiments (name, artifact_location) VALUES (%(a)s, %(b)s)]"


def named(status: int, message: str) -> list[tuple[str, str, Confidence]]:
    """The causes of a registration that MLflow refuses with a message."""
    body = json.dumps({"error_code": "BAD_REQUEST", "message": message})
    refused = p.failed("registry.create", "registry", p.answer(CREATE, status, body))
    found = diagnose((refused,), p.healthy(), p.environment(faults.NAMES), None, p.NOW)
    assert found.unexplained == ()
    return [(d.cause, d.service, d.confidence) for d in found.diagnoses]


@pytest.mark.parametrize(
    ("status", "message", "cause"),
    [
        (400, "(psycopg2.errors.ReadOnlySqlTransaction) cannot execute INSERT in a read-only"
         f" transaction\n\n{STATEMENT}", "database-read-only"),
        (400, "(pymysql.err.InternalError) (1290, 'The MySQL server is running with the --read-only"
         " option so it cannot execute this statement')", "database-read-only"),
        (400, '(psycopg2.errors.UndefinedColumn) column "x" of relation "experiments" does not'
         " exist", "database-schema-missing"),
        (503, "(psycopg2.errors.LockNotAvailable) canceling statement due to lock timeout",
         "database-locked"),
    ],
)  # fmt: skip
def test_the_database_is_named_by_what_mlflow_quotes_of_its_driver(
    status: int, message: str, cause: str
) -> None:
    (first, *_) = named(status, message)
    assert first[:2] == (cause, "database")
    assert first[2] is not Confidence.CERTAIN


@pytest.mark.parametrize(
    "message",
    [
        "(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint",
        "Invalid value for 'name': cannot execute INSERT in a read-only transaction",
    ],
)
def test_a_400_of_the_request_itself_names_no_database(message: str) -> None:
    body = json.dumps({"error_code": "BAD_REQUEST", "message": message})
    refused = p.failed("registry.create", "registry", p.answer(CREATE, 400, body))
    found = diagnose((refused,), p.healthy(), p.environment(faults.NAMES), None, p.NOW)
    assert [d.cause for d in found.diagnoses if d.service == "database"] == []
