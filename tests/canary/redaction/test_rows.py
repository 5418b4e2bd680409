"""Each pattern by itself: what it masks to the character, and what beside it stays."""

from __future__ import annotations

import pytest

from canary.redaction import named, patterns
from canary.redaction.named import is_flag, mask_arguments, mask_named
from canary.redaction.patterns import mask, may_hold_key

S = "Zq8vW3kT5xYb"

OWN = {
    f"postgresql://user:{S}@db:5432/x": "postgresql://***@db:5432/x",
    f"http://user:{S}@db/x": "http://***@db/x",
    "ftp://host:80/a@b": "ftp://***@b",
    "http://host:123456/a@b": "http://***@b",
    f"https://{'k' * 32}@h/x": "https://***@h/x",
    f'{{"password": "{S}"}}': '{"password": "***"}',
    f"{{'api_key' : '{S}'}}": "{'api_key' : '***'}",
    f'{{\\"token\\":\\"{S}\\"}}': '{\\"token\\":\\"***\\"}',
    f"DB_PASSWORD={S}&x": "DB_PASSWORD=***&x",
    f"x_api-key=bearer {S};": "x_api-key=bearer ***;",
    f"Cookie: a={S}; b={S}": "Cookie: ***",
    f"cookie='{S}' x": "cookie=*** x",
    "-----BEGIN RSA PRIVATE" + " KEY-----\nabc\n-----END RSA PRIVATE" + " KEY----- x": "*** x",
    "-----BEGIN PRIVATE" + " KEY-----\nabc": "***",
    f"hk_live_{S} hk_test_{S} hk_dev_{S}.": "hk_live_*** hk_test_*** hk_dev_***.",
    f"AKIA{'A' * 12} ASIA{'B' * 12}b": "*** ***b",
    f"eyJ{'a' * 8}.b.c d": "*** d",
    f"Bearer {'a' * 8}, apikey  {'a' * 8}": "Bearer *** apikey  ***",
    f'BASIC\t{S}"x': 'BASIC\t***"x',
}  # fmt: skip
OWN_KEPT = (
    *("http://host:80/a@b", f"https://{'k' * 31}@h/x", '{"password": "abc"}', "token=abc"),
    *('password=quote("x")', "cookie: - x", "-----BEGIN CERTIFICATE-----\nabc", f"hk_prod_{S}"),
    *(f"AKIA{'A' * 11}", f"eyJ{'a' * 7}.b.c", f"xeyJ{'a' * 8}.b.c", f"Bearer {'a' * 7}"),
    *("Bearer hk_live_***", "Bearer  hk_test_***"),
)
NAMED = {
    f'{{"secretKey": "{S}", "a": 1}}': '{"secretKey": "***", "a": 1}',
    f"'db_pass' => '{S}'": "'db_pass' => '***'",
    f'password: "a \\" {S}" x': 'password: "***" x',
    f"clientSecret%22%3A%22{S}%22 x": "clientSecret%22%3A%22***%22 x",
    f"&quot;pwd&quot;:&quot;{S}&quot; x": "&quot;pwd&quot;:&quot;***&quot; x",
    f'token = ["{S}"] x': 'token = ["***"] x',
    f'password=str("{S}")': 'password=str("***")',
    f"password: b'{S}'": "password: b'***'",
    f'("password", "{S}")': '("password", "***")',
    f'{{"name": "DB_PASSWORD", "value": "{S}"}} x': '{"name": "DB_PASSWORD", "value": "***"} x',
    f"DB_PASSWORD={S} x": "DB_PASSWORD=*** x",
    f"password: {S}, x": "password: ***, x",
    "token: 12345678": "token: ***",
    f"pwd%3D{S}&x=1": "pwd%3D***&x=1",
    f"secret: Bearer {S} x": "secret: Bearer *** x",
    f"--token {S} x": "--token *** x",
    f'--DB-Password "{S}\n{S}" x': '--DB-Password ***" x',
    f"-pass {S} --auth {S}": "-pass *** --auth ***",
    f"--auth={S} --db-pass=-{S} x": "--auth=*** --db-pass=*** x",
    f"redis-cli -h h -a {S} ping": "redis-cli -h h -a *** ping",
    f"mysqladmin -p{S} x": "mysqladmin -p*** x",
    f"<db:password a='1'>{S}</db:password>": "<db:password a='1'>***</db:password>",
    f"Cookie: a={S}; b=2\r\nHost: x": "Cookie: ***\r\nHost: x",
    f"Authorization: AWS4 Credential={S}, Signature=1\nx": "Authorization: ***\nx",
    f"curl -u user:{S} http://h": "curl -u user:*** http://h",
    f"--user=user:{S}": "--user=user:***",
    f"-su u:{S}": "-su u:***",
    f"redis://{S}@h": "redis://***@h",
    f"hooks.slack.com/services/T0/B0/{S}": "hooks.slack.com/services/***",
    f"/api/webhooks/12345/{S} x": "/api/webhooks/12345/*** x",
    f"/webhookb2/{S}@x/y z": "/webhookb2/*** z",
    f"/bot12345:{S}{S} x": "/bot*** x",
}
NAMED_KEPT = (
    *('password: "***"', "password: null", "password: is not set", "password is missing", "pwd=-"),
    *("token: 1234567", "TokenError: bad thing", "password=arn:aws:ssm:x", 'password: ""'),
    *("--token --other", f"x--token {S}", "--auth=none", "mysql -p x", "-u 1000:1000 x"),
    *("-u http://x", f"/api/webhooks/1234/{S}", f"/bot1234:{S}{S}", "--author=somebody"),
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:hokusai/x",
)


@pytest.mark.parametrize("text", OWN)
def test_one_pattern_masks_its_text_in_the_canarys_own_sentence(text: str) -> None:
    assert mask(text) == OWN[text]


@pytest.mark.parametrize("text", NAMED)
def test_one_pattern_masks_its_text_in_the_words_of_others(text: str) -> None:
    assert mask_named(text) == NAMED[text]


def test_what_is_no_secret_stays_beside_each_pattern() -> None:
    assert {text: mask(text) for text in OWN_KEPT} == {text: text for text in OWN_KEPT}
    assert {text: mask_named(text) for text in NAMED_KEPT} == {t: t for t in NAMED_KEPT}


OWN_HINTS = {
    "hk_": f"hk_live_{S}", "akia": f"AKIA{'A' * 12}", "asia": f"ASIA{'A' * 12}",
    "eyj": f"eyJ{'a' * 8}.b.c", "bearer": f"bearer {S}", "apikey": f"ApiKey {S}",
    "basic": f"Basic {S}", "passw": f"passwd={S}", "secret": f"secret={S}", "token": f"token={S}",
    "api_key": f"api_key={S}", "api-key": f"api-key={S}", "cookie": f"cookie={S}",
    "@": f"ftp://u:{S}@h", "-----begin": "-----BEGIN PRIVATE" + " KEY-----",
}  # fmt: skip
NAMED_HINTS = {
    "pwd": f"pwd={S}", "secret": f"secret={S}", "token": f"token={S}", "pass": f"db_pass={S}",
    "credential": f"credential={S}", "key": f"api key: {S}", "session": f"sessionid={S}",
    "cookie": f"cookie={S}", "auth": f"authorization={S}", "signature": f"signature={S}",
    "://": f"redis://{S}@h", "-": f"curl -u u:{S}", "hooks.": f"hooks.slack.com/services/{S}",
    "webhook": f"/webhookb2/{S}", "/bot": f"/bot12345:{S}{S}",
}  # fmt: skip


def test_each_hint_alone_lets_a_pattern_match() -> None:
    assert set(patterns.HINTS) == {*OWN_HINTS}
    assert set(named.HINTS) == {*NAMED_HINTS}
    for hint, text in OWN_HINTS.items():
        assert [h for h in patterns.HINTS if h in text.lower()] == [hint]
        assert may_hold_key(text) is True and mask(text) != text
    for hint, text in NAMED_HINTS.items():
        assert [h for h in named.HINTS if h in text.lower()] == [hint]
        assert mask_named(text) != text


@pytest.mark.parametrize("text", ["", "GET /health answered 200", "passed"])
def test_a_text_without_a_hint_needs_no_pattern(text: str) -> None:
    assert may_hold_key(text) is False


def shown(*arguments: str) -> list[str]:
    return list(mask_arguments(arguments, lambda text: f"<{text}>"))


def test_an_argument_tells_of_the_next_one() -> None:
    assert shown("--token", S, "b") == ["<--token>", "***", "<b>"]
    assert shown("redis-cli", "-h", "h", "-a", S, "x")[3:] == ["<-a>", "***", "<x>"]
    assert shown("valkey-cli", "-a", S) == ["<valkey-cli>", "<-a>", "***"]
    assert shown("ls", "-a", S) == ["<ls>", "<-a>", f"<{S}>"]
    assert shown("curl", "-su", f"me:{S}", "h:1") == ["<curl>", "<-su>", "me:***", "<h:1>"]
    assert shown("x", "--user", "me:a:b") == ["<x>", "<--user>", "me:***"]
    assert shown("-u", "1000:1000", "-u", "me") == ["<-u>", "<1000:1000>", "<-u>", "<me>"]
    assert shown("mysql", f"-p{S}", "-p") == ["<mysql>", "-p***", "<-p>"]
    assert shown("mariadb-dump", "-p8")[1:] == ["-p***"]
    assert shown("ps", "-p8") == ["<ps>", "<-p8>"]
    assert shown("redis-cli", "y" * 500, *("z" * 80 for _ in range(3)), "-a", S)[-1] == "***"


def test_a_flag_for_a_secret_is_known_by_its_whole_name() -> None:
    flags = ("--token", "-pass", "--db-password", "--auth", "--x-auth", "--secret-file")
    assert [f for f in flags if not is_flag(f)] == []
    others = ("token", "-a", "--author", "--auth-x", "--tokenizer", "--token x", "---")
    assert [f for f in others if is_flag(f)] == []
