"""What exactly is masked in SQL, in variables called pass, in addresses and in parted tokens."""

from __future__ import annotations

import pytest

from canary.redaction.addresses import mask_addresses
from canary.redaction.shapes import mask_parts
from canary.redaction.statements import mask_statements

T = "q7Zk2Vx9Lw4Tn8Rb3Yc6Hd1J"
"""As a token that somebody has drawn."""
PATHS = (
    "key", "keys", "token", "tokens", "secret", "secrets", "reset", "reset-password",
    "password-reset", "invite", "invites", "activate", "confirm", "magic",
)  # fmt: skip
NOT_PATHS = ("keyring", "my-token", "resets", "confirmed", "password", "activated")
A, B = "q7Zk2Vx9Lw4Tn8Rb", "3Yc6Hd1Jf5Mg0PsA"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ALTER USER a PASSWORD 'x'; b", "ALTER USER a PASSWORD '***'; b"),
        ("alter user a password\n'x' b", "alter user a password\n'***' b"),
        ("PASSWORD = N'x', b", "PASSWORD = N'***', b"),
        ("PASSWORD AS 'x' b", "PASSWORD AS '***' b"),
        ("PASSWORD 'it''s' b", "PASSWORD '***' b"),
        ("PASSWORD 'it\\'s' b", "PASSWORD '***' b"),
        ("PASSWORD 'cut", "PASSWORD '***"),
        ("PASSWORD '***' b 'c'", "PASSWORD '***' b 'c'"),
        ("PASSWORDS 'x'", "PASSWORDS 'x'"),
        ("CREATE USER a IDENTIFIED BY 'x' b", "CREATE USER a IDENTIFIED BY '***' b"),
        ("GRANT a IDENTIFIED WITH p AS 'x' b", "GRANT a IDENTIFIED WITH p AS '***' b"),
        ("CREATE IDENTIFIED BY PASSWORD 'x'", "CREATE IDENTIFIED BY PASSWORD '***'"),
        ("identified by 'sub'", "identified by 'sub'"),
        ("CREATE a; identified by 'sub'", "CREATE a; identified by 'sub'"),
        ("CREATE a IDENTIFIED BY abcd, b", "CREATE a IDENTIFIED BY ***, b"),
        ("CREATE a IDENTIFIED BY VALUES abcd;", "CREATE a IDENTIFIED BY VALUES ***;"),
        ("CREATE a IDENTIFIED BY abc, b", "CREATE a IDENTIFIED BY abc, b"),
        ("SET PASSWORD FOR 'a'@'%' = 'x' b", "SET PASSWORD FOR 'a'@'%' = '***' b"),
        ("SET PASSWORD = f('x')", "SET PASSWORD = f('***')"),
        ("set password for a = 'x\ny' b", "set password for a = '***' b"),
        ("create user a identified by 'x\ny' b", "create user a identified by '***' b"),
        ("alter user a password 'x\ny' b", "alter user a password '***' b"),
        ("create user a identified by abcd b", "create user a identified by *** b"),
        ("'pass': 'x\ny' b", "'pass': '***' b"),
        ("SET PASSWORD; a = 'x'", "SET PASSWORD; a = 'x'"),
        ('"pass": "x y", "b": "c"', '"pass": "***", "b": "c"'),
        ("DB_PASS = 'x' b", "DB_PASS = '***' b"),
        ("a.b.c.pass='x'", "a.b.c.pass='***'"),
        ("dbPass: 'x'", "dbPass: '***'"),
        ('"pass": "ok"', '"pass": "ok"'),
        ("bypass='x' surpass: 'y'", "bypass='x' surpass: 'y'"),
        ("PASS=x b", "PASS=*** b"),
        ("dbPass=x&b", "dbPass=***&b"),
        ("PASS%3Dx b", "PASS%3D*** b"),
        ("PASS=passed pass=12 PASS=true", "PASS=passed pass=12 PASS=true"),
        ("PASS==x PASS: x9", "PASS==x PASS: x9"),
        ("smtp.pass: x9 b", "smtp.pass: *** b"),
        ("smtp.pass: word", "smtp.pass: word"),
        ("smtp.pass: 9.5", "smtp.pass: 9.5"),
    ],
)
def test_of_a_statement_the_value_alone_is_masked(text: str, masked: str) -> None:
    assert mask_statements(text) == masked
    assert mask_statements(masked) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/a?sig=12345678&b=1", "/a?sig=***&b=1"),
        ("/a?b=1&HMAC=12345678#c", "/a?b=1&HMAC=***#c"),
        ("/a?sas=12345678 b", "/a?sas=*** b"),
        ("/a;jwt=12345678", "/a;jwt=***"),
        ("/a%3Fsas%3D12345678", "/a%3Fsas%3D***"),
        ("/a%3Fauth%3D12345678%26b", "/a%3Fauth%3D***%26b"),
        ("/a\\u0026signature=12345678\\u0026b", "/a\\u0026signature=***\\u0026b"),
        ("/a?sig=1234567&b=1", "/a?sig=1234567&b=1"),
        ("/a?design=12345678 sig=12345678", "/a?design=12345678 sig=12345678"),
        ("pg:\\/\\/u:x@h:1", "pg:\\/\\/***@h:1"),
        ("pg:\\/\\/:x@h", "pg:\\/\\/***@h"),
        ("pg%3A%2F%2Fu%3Ax%40h", "pg%3A%2F%2F***%40h"),
        ("pg%253A%252F%252Fu%253Ax%2540h", "pg%253A%252F%252F***%2540h"),
        ("pg:\\/\\/h:1\\/a b@c", "pg:\\/\\/h:1\\/a b@c"),
        ("pg%3A%2F%2Fh%3A1&a=b%40c", "pg%3A%2F%2Fh%3A1&a=b%40c"),
        ("amqp:\\/\\/x@h", "amqp:\\/\\/***@h"),
        ("redis://x@h", "redis://***@h"),
        ("https:\\/\\/x@h", "https:\\/\\/x@h"),
        ("hooks.slack.com/services/T1/B2/abcd b", "hooks.slack.com/services/*** b"),
        ("hooks.slack.com\\/triggers\\/T1\\/B2345 b", "hooks.slack.com\\/triggers\\/*** b"),
        ("hooks.slack.com/docs/abcdefgh", "hooks.slack.com/docs/abcdefgh"),
        (f"c.d/webhook/{T}/b", "c.d/webhook/***/b"),
        (f"hooks.d.e/f/1/{T}?b", "hooks.d.e/f/1/***?b"),
        ("/webhook/q7Zk2Vx9Lw4Tn8R", "/webhook/q7Zk2Vx9Lw4Tn8R"),  # of fifteen signs
        (f"/webhook/{T.lower()}", f"/webhook/{T.lower()}"),
        ("a.office.com/webhook/abcdefgh@i/j k", "a.office.com/webhook/*** k"),
        (
            f"events.pagerduty.com/integration/{T.lower()}/b",
            "events.pagerduty.com/integration/***/b",
        ),
        (f"/with/key/{T} b", "/with/key/*** b"),
        (f"/invite/{T}?b", "/invite/***?b"),
        (f"/magic/{T}", "/magic/***"),
        *((f"a/{path}/{T} b", f"a/{path}/*** b") for path in PATHS),
        *((f"a/{path}/{T} b", f"a/{path}/{T} b") for path in NOT_PATHS),
        (f"/other/{T}", f"/other/{T}"),
    ],
)
def test_of_an_address_what_gives_access_is_masked(text: str, masked: str) -> None:
    assert mask_addresses(text) == masked
    assert mask_addresses(masked) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"a {A} {B} b", "a *** b"),
        (f"a {A}   {B}\n b", "a ***\n b"),
        (f"a {A}\r\n\t{B}== b", "a *** b"),
        (f"{A[:8]} {A[8:]} {B[:8]} {B[8:]}", "***"),
        (f"registered {A} {B} afterwards", "registered *** afterwards"),
        (f"{A} and {B}", f"{A} and {B}"),
        (f"{A[:8]} {B[:8]}", f"{A[:8]} {B[:8]}"),  # sixteen signs together
        (f"{A}: {B}", f"{A}: {B}"),
        (f"{A.lower()} {B.lower()}", f"{A.lower()} {B.lower()}"),
        ("0a1b2c3d4e5f6071 ListTasks ServiceA1", "0a1b2c3d4e5f6071 ListTasks ServiceA1"),
        (f"{A[:7]} {A} {B}", f"{A[:7]} ***"),
        *((f"{A} {part} {B}", "***") for part in ("w4tn8rb3", "W4TN8RB3", "qXzKbVxD")),
        *((f"{A} {part} {B}",) * 2 for part in ("qxzkbvxd", "QXZKBVXD", "0a1b2c3d")),
        (f"{A[:15]} {B}",) * 2,  # 31 signs without the blank
        ("abAB01cdCD23efEF45gh GH67ijIJ89klKL012mno",) * 2,  # it changes 18 times in 40
        ("abAB01cdCD23efEF45gh GH67ijIJ89klKL012mnO", "***"),
        (f"{A}{B} registered", f"{A}{B} registered"),  # one token alone is another's work
        ("abcdEFGH1234ijkl MNOP5678qrstUVWX", "abcdEFGH1234ijkl MNOP5678qrstUVWX"),
    ],
)
def test_a_token_that_blanks_part_is_masked_as_one(text: str, masked: str) -> None:
    assert mask_parts(text) == masked
