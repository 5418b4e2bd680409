"""Refusals of databases and caches in their own words, and the cause that each points to.

One table for logs and answers. The words are PostgreSQL's (documentation, appendix A, "PostgreSQL
Error Codes": a code of five characters, of which two are its class), MySQL's ("Server Error Message
Reference") and Redis' ("Redis serialization protocol", error prefixes), with the names that
psycopg, asyncpg, SQLAlchemy and redis-py give them. A program's log may repeat what a visitor sent:
words are quoted as evidence, and what else agrees decides how sure they make (`agreement`).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from canary.model import Role

AUTH, SCHEMA, UNREACHABLE = (
    "database-auth-failed",
    "database-schema-missing",
    "database-unreachable",
)
FULL, CONNECTIONS = "database-full", "database-connections-exhausted"
FAILING_OVER, READ_ONLY, LOCKED = "database-failing-over", "database-read-only", "database-locked"
CACHE, CACHE_FULL, CACHE_MOVES = "cache-unreachable", "cache-full", "cache-failing-over"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One form of refusal: whose it is, the cause that it points to, and what it means."""

    role: Role
    cause: str
    words: str  # a pattern without regard to case; PORT stands for a port of such a store
    means: str


def _sqlstate(*codes: str) -> str:
    """Return a pattern for SQLSTATE codes as drivers write them; X stands for any character."""
    known = "|".join(code.replace("X", "[0-9A-Z]") for code in codes)
    return rf"(?:sqlstate|pgcode|sql state|errcode)\W{{0,6}}(?:{known})\b"


def _mysql(*codes: int) -> str:
    """Return a pattern for MySQL's error numbers: "(1045, …", "ERROR 1045 (28000)"."""
    known = "|".join(map(str, codes))
    return rf"\((?:{known}), ?[\"']|\berror (?:{known})\b"


def _database(cause: str, means: str, *words: str) -> Refusal:
    return Refusal(role=Role.DATABASE, cause=cause, words="|".join(words), means=means)


def _cache(cause: str, means: str, *words: str) -> Refusal:
    return Refusal(role=Role.CACHE, cause=cause, words="|".join(words), means=means)


REFUSALS: tuple[Refusal, ...] = (
    _database(
        CONNECTIONS, "all its connections are taken",
        _sqlstate("53300"), r"too_?many_?connections", r"remaining connection slots are reserved",
        r"too many clients already", r"too many connections\b", r"max_user_connections",
        _mysql(1040, 1203),
    ),
    _database(
        FULL, "its storage is full",
        _sqlstate("53100"), r"\bDiskFull(?:Error)?\b",
        r"could not (?:extend|write|write to|create|fsync|access) .{0,200}no space left on device",
        r"\bthe table '.{1,120}' is full", r"\bdisk full \(", _mysql(1021, 1114),
    ),
    _database(
        READ_ONLY, "it takes no writes: it is a replica, or it was made read-only",
        _sqlstate("25006"), r"in a read-only transaction", r"ReadOnlySqlTransaction",
        r"--(?:super-)?read-only option", r"running in read-only mode", _mysql(1290, 1836),
    ),
    _database(
        FAILING_OVER, "it is starting, stopping or recovering",
        _sqlstate("57P0X"), r"\b(?:AdminShutdown|CrashShutdown|CannotConnectNow)(?:Error)?\b",
        r"database system is (?:starting up|shutting down|in recovery mode|not yet accepting)",
        r"terminating connection due to administrator command",
        r"terminating connection because of crash of another server process",
        r"server shutdown in progress", _mysql(1053),
    ),
    _database(
        AUTH, "it refuses the login, the right, or a connection without TLS",
        _sqlstate("28XXX", "3D000", "42501"),
        r"\b(?:InvalidPassword|InvalidAuthorizationSpecification|InvalidCatalogName"
        r"|InsufficientPrivilege)(?:Error)?\b",
        r"password authentication failed", r"no pg_hba", r"pg_hba\.conf rejects",
        r"\b(?:peer|ident|ldap|gssapi|certificate|pam) authentication failed for user",
        r"database \S+ does not exist", r"\brole \S{1,80} does not exist",
        r"permission denied for (?:table|schema|database|relation|sequence|view|function)",
        r"access denied for user", r"unknown database '",
        r"host '.{1,120}' is (?:blocked|not allowed)",
        r"require_secure_transport", r"server does not support SSL, but SSL was required",
        r"sslmode value .{1,40} invalid", r"root certificate file .{1,160} does not exist",
        _mysql(1044, 1045, 1049, 1129, 1130, 3159),
    ),
    _database(
        SCHEMA, "a table or a column is missing",
        _sqlstate("42P01", "42703", "3F000"), r"undefined_?table", r"undefined_?column",
        r"no such table", r"relation .{1,60} does", r"column .{1,100} does not exist",
        r"table '.{1,120}' doesn't exist", r"unknown column '", _mysql(1054, 1146),
    ),
    _database(
        LOCKED, "its sessions wait for each other, or a statement ran into its limit",
        _sqlstate("40XXX", "55P03", "57014"),
        r"\b(?:DeadlockDetected|LockNotAvailable|SerializationFailure)(?:Error)?\b",
        r"deadlock (?:detected|found)", r"could not serialize access", r"could not obtain lock",
        r"canceling statement due to (?:lock|statement) timeout", r"lock wait timeout exceeded",
        _mysql(1205, 1213),
    ),
    _database(
        UNREACHABLE, "it does not answer, breaks connections off, or fails by itself",
        _sqlstate("08XXX", "53200", "53400", "58XXX", "XX000", "XX001", "XX002"),
        r"server closed the connection unexpectedly",
        r"SSL connection has been closed unexpectedly",
        r"(?:postgres|psycopg|asyncpg|mysql|mariadb|pymysql).{0,160}SSL(?: SYSCALL)? error",
        r"SSL(?: SYSCALL)? error.{0,160}(?:postgres|psycopg|mysql|PORT)",
        r"\b(?:can't|lost) connect(?:ion)? to (?:local )?mysql server",
        r"mysql server has gone away", _mysql(2002, 2003, 2006, 2013),
        r"(?:database|postgres|PORT|psycopg|pg8000|sqlalchemy|mysql|\bdb\b).{0,120}(?:refused"
        r"|timed? ?out|unreachable|could not connect|can't|network error|locked|closed)",
        r"(?:refused|timed? ?out|unreachable|could not connect|locked).{0,120}(?:database"
        r"|postgres|PORT)", r"database is locked", r"could not translate host name",
    ),
    _cache(
        CACHE_FULL, "its memory or disk is full",
        r"\bOOM command not allowed", r"used memory > 'maxmemory'",
        r"\bMISCONF\b.{0,120}(?:disk|persist|snapshot)",
    ),
    _cache(
        CACHE_MOVES, "it is loading, failing over, or was asked at a replica",
        r"\bLOADING\b.{0,20}is loading the dataset", r"\bREADONLY\b you can't write",
        r"\bMASTERDOWN\b", r"\bCLUSTERDOWN\b", r"\bTRYAGAIN\b",
        r"\bUNBLOCKED\b force unblock", r"(?:redis|valkey).{0,160}ReadOnlyError",
    ),
    _cache(
        CACHE, "it does not answer, or refuses the token, the command or the connection",
        r"max number of clients reached", r"\b(?:MOVED|ASK) \d{1,5} \S{3,120}:\d{2,5}",
        r"\bNOPERM\b", r"(?:redis|valkey).{0,160}(?:refused|timed? ?out|timeout|unreachable"
        r"|wrongpass|noauth|invalid|connection|error)",
        r"(?:refused|timed? ?out|wrongpass|noauth|invalid).{0,120}(?:redis|valkey|PORT)",
        r"\bcache (?:read|write|lookup|connection)? ?(?:error|failure|time-?out)",
        r"WRONGPASS|NOAUTH",
    ),
)  # fmt: skip

OF_DATABASE = tuple(dict.fromkeys(row.cause for row in REFUSALS if row.role is Role.DATABASE))
"""The causes to which the refusals of databases point."""


def of(role: Role, text: str, port: str = "(?!)") -> Refusal | None:
    """Return the refusal of a store of this role that a text quotes, None for none.

    `port` is a pattern for the ports of such stores. Of several forms the first row decides: the
    rows go from what is special to what is general.
    """
    return next((row for row, words in _compiled(role, port) if words.search(text)), None)


@functools.cache
def _compiled(role: Role, port: str) -> tuple[tuple[Refusal, re.Pattern[str]], ...]:
    rows = (row for row in REFUSALS if row.role is role)
    return tuple((r, re.compile(r.words.replace("PORT", port), re.IGNORECASE)) for r in rows)


def words_of(cause: str) -> str:
    """Return the pattern of all refusals that point to a cause, as it is without ports."""
    return "|".join(r.words.replace("PORT", "(?!)") for r in REFUSALS if r.cause == cause)
