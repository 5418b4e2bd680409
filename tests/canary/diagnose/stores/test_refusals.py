"""Each refusal of a database or cache, as its server or a driver writes it, points to a cause."""

from __future__ import annotations

import json

import pytest

from canary.diagnose.causes import ALL
from canary.diagnose.core.symptoms import Symptom, classify
from canary.diagnose.stores.refusals import REFUSALS, Refusal, of, words_of
from canary.model import Role
from tests.canary.support import platforms as p

DATABASE: dict[str, tuple[str, ...]] = {
    "database-connections-exhausted": (
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "FATAL: sorry, too many clients already",
        'FATAL: too many connections for role "mlflow"',
        "asyncpg.exceptions.TooManyConnectionsError: x",
        "SQLSTATE[53300]: x",
        "(1040, 'Too many connections')",
        "User 'app' has exceeded the 'max_user_connections' resource (current value: 9)",
    ),
    "database-full": (
        'ERROR: could not extend file "base/16400/16412": No space left on device',
        'PANIC: could not write to file "pg_wal/xlogtemp.1": No space left on device',
        "psycopg2.errors.DiskFull: x",
        "sqlstate: 53100",
        "(1114, \"The table 'runs' is full\")",
        "ERROR 1021 (HY000): Disk full (/rdsdbdata/tmp/x); waiting for someone to free some space",
    ),
    "database-read-only": (
        "ERROR:  cannot execute INSERT in a read-only transaction",
        "psycopg2.errors.ReadOnlySqlTransaction: x",
        "The MySQL server is running with the --read-only option so it cannot execute this",
        "The MySQL server is running with the --super-read-only option so it cannot execute this",
        "ERROR 1836 (HY000): Running in read-only mode",
    ),
    "database-failing-over": (
        "FATAL:  the database system is starting up",
        "FATAL:  the database system is shutting down",
        "FATAL:  the database system is in recovery mode",
        "FATAL: terminating connection due to administrator command",
        "WARNING: terminating connection because of crash of another server process",
        "pgcode 57P03",
        "(1053, 'Server shutdown in progress')",
    ),
    "database-auth-failed": (
        'FATAL: password authentication failed for user "mlflow"',
        'FATAL: no pg_hba.conf entry for host "10.0.1.9", user "x", database "y", no encryption',
        'FATAL: pg_hba.conf rejects connection for host "10.0.1.9"',
        'FATAL: database "mlflow" does not exist',
        'FATAL: role "mlflow" does not exist',
        "ERROR: permission denied for table runs",
        "psycopg2.errors.InsufficientPrivilege: x",
        "errcode=28P01",
        "server does not support SSL, but SSL was required",
        "(1045, \"Access denied for user 'a'@'10.0.1.9' (using password: YES)\")",
        "(1049, \"Unknown database 'mlflow'\")",
        "Host '10.0.1.9' is blocked because of many connection errors",
        "Connections using insecure transport are prohibited while --require_secure_transport=ON",
    ),
    "database-schema-missing": (
        "(psycopg2.errors.UndefinedTable) x",
        'ERROR: relation "runs" does not exist',
        'ERROR: column runs.deleted_time does not exist',
        "sqlite3.OperationalError: no such table: runs",
        "(1146, \"Table 'mlflow.runs' doesn't exist\")",
        "(1054, \"Unknown column 'a' in 'field list'\")",
    ),
    "database-locked": (
        "ERROR: deadlock detected",
        "ERROR: could not serialize access due to concurrent update",
        "ERROR: canceling statement due to lock timeout",
        "ERROR: canceling statement due to statement timeout",
        'ERROR: could not obtain lock on row in relation "runs"',
        "psycopg.errors.LockNotAvailable: x",
        "SQLSTATE 40P01",
        "(1205, 'Lock wait timeout exceeded; try restarting transaction')",
        "(1213, 'Deadlock found when trying to get lock; try restarting transaction')",
    ),
    "database-unreachable": (
        'connection to server at "10.0.3.9", port 5432 failed: Connection refused',
        "server closed the connection unexpectedly",
        "SSL connection has been closed unexpectedly",
        "psycopg2.OperationalError: SSL SYSCALL error: EOF detected",
        "SQLSTATE: 08006",
        "sqlstate 58030",
        "sqlstate=XX000",
        'could not translate host name "x.rds.amazonaws.com" to address',
        "(2003, \"Can't connect to MySQL server on '10.0.3.9' (timed out)\")",
        "(2006, 'MySQL server has gone away')",
        "(2013, 'Lost connection to MySQL server during query')",
    ),
}  # fmt: skip
CACHE: dict[str, tuple[str, ...]] = {
    "cache-full": (
        "OOM command not allowed when used memory > 'maxmemory'.",
        "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk.",
    ),
    "cache-failing-over": (
        "redis.exceptions.BusyLoadingError: LOADING Redis is loading the dataset in memory",
        "READONLY You can't write against a read only replica.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "CLUSTERDOWN The cluster is down",
    ),
    "cache-unreachable": (
        "NOAUTH Authentication required.",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "NOPERM this user has no permissions to run the 'get' command",
        "ERR max number of clients reached",
        "MOVED 3999 10.0.1.9:6381",
        "redis.exceptions.ConnectionError: Connection refused",
        "Error 110 connecting to cache.local:6379. Connection timed out. valkey timeout",
    ),
}
FORMS = [
    (role, cause, text)
    for role, known in ((Role.DATABASE, DATABASE), (Role.CACHE, CACHE))
    for cause, texts in known.items()
    for text in texts
]


@pytest.mark.parametrize(("role", "cause", "text"), FORMS, ids=lambda x: str(x)[:50])
def test_a_refusal_points_to_its_cause(role: Role, cause: str, text: str) -> None:
    found = of(role, text, r"\b5432\b")
    assert found is not None and found.cause == cause
    other = Role.CACHE if role is Role.DATABASE else Role.DATABASE
    assert of(other, text) is None


def test_every_row_is_tried_and_names_a_cause() -> None:
    assert {r.cause for r in REFUSALS} == {*DATABASE, *CACHE} <= set(ALL)
    assert all(r.means for r in REFUSALS)


@pytest.mark.parametrize(
    "text",
    [
        "all is well", "No space left on device: '/tmp/upload'", "user role does not matter",
        "GET /relation 200", "too many requests", "SELECT 53300", "order 40001 was shipped",
        "the form is read-only", "artifact moved", "loading the model", "connection established",
        "syntax error at or near \"FROM\"",
    ],
)  # fmt: skip
def test_other_words_are_no_refusal(text: str) -> None:
    assert of(Role.DATABASE, text, r"\b5432\b") is None
    assert of(Role.CACHE, text, r"\b6379\b") is None


def symptom(body: str) -> Symptom:
    return classify(p.answer("https://registry.hokus.ai/x", 500, body))


STATEMENT = "[SQL: INSERT INTO runs (run_uuid, artifact_uri) VALUES (%(a)s, %(b)s)]"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (f'{{"error":"(psycopg2.errors.DiskFull) no space {STATEMENT}"}}', Symptom.APP_5XX),
        ("x STATEMENT:  insert into runs (artifact_uri) values (1)", Symptom.APP_5XX),
        ("x UPDATE runs SET artifact_uri = 1", Symptom.APP_5XX),
        ("x SELECT a.artifact_location AS b FROM experiments a", Symptom.APP_5XX),
        (f"artifacts cannot be written {STATEMENT}", Symptom.ARTIFACTS),
        ('{"error":"artifact store: AccessDenied"}', Symptom.ARTIFACTS),
        ("please select an artifact", Symptom.ARTIFACTS),
        (f"permission denied for table runs {STATEMENT}", Symptom.DATABASE_AUTH),
    ],
)
def test_a_column_in_a_statement_of_sql_is_no_word_about_artifacts(
    body: str, wanted: Symptom
) -> None:
    assert symptom(body) is wanted


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("(psycopg2.errors.ReadOnlySqlTransaction) cannot execute INSERT in a read-only"
         f" transaction {STATEMENT}", Symptom.APP_5XX),
        ('(psycopg2.errors.UndefinedColumn) column runs.x does not exist', Symptom.DATABASE_SCHEMA),
        ("(psycopg.errors.InsufficientPrivilege) permission denied for table runs",
         Symptom.DATABASE_AUTH),
        ("(pymysql.err.InternalError) (1290, 'The MySQL server is running with the --read-only"
         " option so it cannot execute this statement')", Symptom.APP_5XX),
        # of the request itself, and no word of a store's
        ("(psycopg2.errors.UniqueViolation) duplicate key value violates x", Symptom.WRONG_ANSWER),
        ("cannot execute INSERT in a read-only transaction", Symptom.WRONG_ANSWER),
        ("Invalid value for parameter 'name'", Symptom.WRONG_ANSWER),
    ],
)  # fmt: skip
def test_mlflow_answers_400_where_its_driver_says_what_the_database_refuses(
    body: str, wanted: Symptom
) -> None:
    """mlflow/store/db/utils.py: of SQLAlchemy's errors, OperationalError alone is a 503."""
    text = json.dumps({"error_code": "BAD_REQUEST", "message": body})
    assert classify(p.answer("https://registry.hokus.ai/x", 400, text)) is wanted


def test_mlflows_own_login_is_a_refused_question() -> None:
    words = "You are not authenticated. Please see https://www.mlflow.org/docs/latest/auth"
    assert symptom(words) is Symptom.OWN_KEY_REFUSED


def test_each_form_says_whose_it_is_and_what_it_means() -> None:
    assert [(row.role.value, row.cause, row.means) for row in REFUSALS] == [
        ("database", "database-connections-exhausted", "all its connections are taken"),
        ("database", "database-full", "its storage is full"),
        ("database", "database-read-only",
         "it takes no writes: it is a replica, or it was made read-only"),
        ("database", "database-failing-over", "it is starting, stopping or recovering"),
        ("database", "database-auth-failed",
         "it refuses the login, the right, or a connection without TLS"),
        ("database", "database-schema-missing", "a table or a column is missing"),
        ("database", "database-locked",
         "its sessions wait for each other, or a statement ran into its limit"),
        ("database", "database-unreachable",
         "it does not answer, breaks connections off, or fails by itself"),
        ("cache", "cache-full", "its memory or disk is full"),
        ("cache", "cache-failing-over", "it is loading, failing over, or was asked at a replica"),
        ("cache", "cache-unreachable",
         "it does not answer, or refuses the token, the command or the connection"),
    ]  # fmt: skip


@pytest.mark.parametrize("row", REFUSALS, ids=[r.cause for r in REFUSALS])
def test_the_words_of_a_cause_are_those_of_its_row_without_ports(row: Refusal) -> None:
    assert words_of(row.cause) == row.words.replace("PORT", "(?!)")
    assert words_of("no-such-cause") == ""


@pytest.mark.parametrize("word", ["UndefinedColumn", "undefined_column", "UndefinedTable"])
def test_psycopg_names_what_is_missing(word: str) -> None:
    found = of(Role.DATABASE, f"psycopg2.errors.{word}: x")
    assert found is not None and found.cause == "database-schema-missing"
