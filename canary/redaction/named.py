"""Mask the values of what has a name for a secret, in the texts of others.

A name is any identifier that contains a word for a secret, with any prefix, suffix, quoting and
assignment: `DB_PASSWORD=`, `"secretKey": "..."`, `--token x`, `<pwd>`, `password%22%3A%22`. A value
that was quoted goes to its own closing quote, or to the end where the text was cut.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

MASK = "***"

_WORD = (
    r"(?:passw(?:or)?d|passphrase|pwd|db_?pass|requirepass|masterauth|secret(?!smanager:)"
    r"|token(?!iz|[_-]?(?:type|limit|ttl|count|url|endpoint|bucket|service))|credential"
    r"|session[_-]?id|authorization|signature"
    r"|(?:api|access|private|secret|signing|encryption|account|master|admin|auth|session|shared"
    r"|service|client|license|storage|webhook|fernet|hmac|subscription|functions)[ _.-]?key)"
)
# not the parts of an ARN: "aws:secretsmanager:", "123456789012:secret:NAME"
_NOT_ARN = r"(?<!aws:)(?<!aws-cn:)(?<!us-gov:)(?<!\d{12}:)"
# what stands before the word does not matter, and looking for it would cost time; the name of an
# exception is no name of a secret
_NAME = (
    rf"{_NOT_ARN}{_WORD}[A-Za-z0-9_.\-]{{0,30}}\]?"
    r"(?<!error)(?<!exception)(?<!fault)(?<!warning)"
)
# a quote, plain, escaped (also twice), as JSON, HTML or URLs write it
_QUOTE = (
    r"(?:\\{0,8}[\"'`]|\\{1,8}(?:u00|x)2[27]"
    r"|&(?:amp;){0,3}(?:quot|apos|\#0{0,5}3[49]|\#x0{0,5}2[27]);"
    r"|%(?:25){0,4}(?:u00)?2[27])"
)
_SPACE = r"(?:[ \t]|%20|\+){0,32}"
_ASSIGN = (
    rf"{_SPACE}(?:=>|:=|==|=|:|%(?:25){{0,4}}(?:u00)?3[AaDd]|\\{{1,8}}(?:u00|x)3[AaDd]"
    rf"|&(?:amp;){{0,3}}(?:\#(?:0{{0,5}}(?:58|61)|x0{{0,5}}3[ad])|colon|equals);){_SPACE}"
)
_SCHEME = r"(?:(?:bearer|basic|token|apikey|digest|negotiate)(?:[ \t]|%20|\+){1,4})?"
# what may stand before a quote: a list, a prefix of Python's strings, a call
_OPEN = (
    r"(?:[\[({<]{1,3}|\[\]string\{|[burn]{1,2}(?=\\{0,8}[\"'])"
    r"|[a-z_]\w{0,30}\((?=\\{0,8}[\"'])){0,3}"
)
# words that stand where a value could, and say that there is none
_NONE = (
    r"(?:(?:null|none|nil|true|false|undefined|missing|required|invalid|expired|empty|unset|not"
    r"|\*{3,}|<[a-z ]{1,30}>|arn:aws[\w-]*:[^\s\"']*|[0-9]{1,7}|-)(?![^\s,;&\"'<>)\]}%|\\])"
    r"|[0-9]{1,5}(?=[/:])"
    r"|(?:is|was|must|should|cannot|could|unable|unbound|variable|parameter|environment|field"
    r"|value|error|permission|connection|authentication|the|this|has|[a-z][a-z0-9_]{2,40} is)"
    r"[ \t]{1,2}[a-z])"
)
_PLAIN = r"[^\s,;&\"'<>)\]}|\\%]"
_BARE = rf"{_PLAIN}{{1,4096}}(?:%(?!2[0267C]|3[Bb]|25){_PLAIN}{{0,4096}}){{0,64}}"
FLAG_NAME = rf"--?(?:[\w-]{{0,40}}?{_WORD}[\w-]{{0,30}}|(?:[\w-]{{1,40}}-)?(?:pass|auth))"
ROWS: tuple[tuple[str, str, int], ...] = (
    # "name": "value", with the name's quotes or without; up to the same quote, not an escaped one
    (
        rf"({_NAME}{_QUOTE}?{_ASSIGN}{_OPEN}(?P<q>{_QUOTE}){_SCHEME})(?!\*\*\*)"
        r"(?:(?!(?<!\\)(?P=q)).){1,8192}",
        r"\1" + MASK,
        re.IGNORECASE | re.DOTALL,
    ),
    # as a word processor quotes
    (
        rf"({_NAME}[\u201c\u201d\u2018\u2019]?{_ASSIGN}[\u201c\u2018])[^\u201d\u2019]{{1,8192}}",
        r"\1" + MASK,
        re.IGNORECASE,
    ),
    # ("name", "value") and {"name": "name", "value": "value"}
    (
        rf"({_NAME}{_QUOTE}[ \t]{{0,8}},?[ \t]{{0,8}}(?:{_QUOTE}?value{_QUOTE}?{_ASSIGN})?b?"
        r"(?P<q>\\{0,8}[\"']))(?!\*\*\*)(?:(?!(?<!\\)(?P=q)).){1,8192}",
        r"\1" + MASK,
        re.IGNORECASE | re.DOTALL,
    ),
    # name=value and name: value
    (
        rf"({_NAME}{_QUOTE}?{_ASSIGN}{_SCHEME})(?!{_NONE}|{_OPEN}{_QUOTE}){_BARE}",
        r"\1" + MASK,
        re.IGNORECASE,
    ),
    # --name value and, where the name alone says little, --name=value
    (
        rf"(?<![\w-])({FLAG_NAME}(?:[ \t]{{1,4}}(?!-)|=))(?!{_NONE})"
        r"(?:(?P<q>[\"'])(?:(?!(?P=q)).){1,8192}|[^\s\"']{1,4096})",
        r"\1" + MASK,
        re.IGNORECASE | re.DOTALL,
    ),
    # redis-cli -a password; mysqladmin -ppassword
    (r"((?:redis|valkey)-cli\b[^\n]{0,200}?\s-a[ \t]{1,4})[^\s\"']{1,256}", r"\1" + MASK, 0),
    (r"((?:mysql|mariadb)[\w-]{0,20}\b[^\n]{0,200}?\s-p)[^\s\"']{1,256}", r"\1" + MASK, 0),
    # <name attributes>value</name>
    (
        rf"(<[\w.:\-]{{0,40}}?{_NAME}(?:\s[^<>]{{0,200}})?>)[^<]{{1,8192}}",
        r"\1" + MASK,
        re.IGNORECASE,
    ),
    # a header goes to the end of its line: several cookies, the parts of a signature
    (
        rf"((?:set-)?cookie2?{_QUOTE}?{_ASSIGN}|(?:proxy-)?authorization{_QUOTE}?{_ASSIGN})"
        rf"(?!{_SPACE}(?:{_QUOTE}|-\s|{_SCHEME}\*\*\*(?:$|[\r\n])))[^\r\n\"]{{1,8192}}",
        r"\1" + MASK,
        re.IGNORECASE,
    ),
    # curl's -u user:password
    (
        r"(?<![\w-])((?:-[A-Za-z]{0,5}u[ =]{0,3}|--user[ =]{1,3})[\"']?(?!\d+:\d+(?:\s|$))"
        r"[^\s:\"'/=]{1,64}:)(?!//)[^\s\"']{1,256}",
        r"\1" + MASK,
        0,
    ),
    # the user of a cache's URL is its password where there is no other
    (r"(?<![\w])((?:redis|rediss|valkey|amqps?|mongodb(?:\+srv)?)://)[^\s/@\"']{1,256}@",
     r"\1" + MASK + "@", re.IGNORECASE),
    # tokens in the paths of addresses that give access by themselves
    (r"(hooks\.slack\.com/(?:services|workflows)/)[\w/\-]{8,}", r"\1" + MASK, re.IGNORECASE),
    (r"(/api/webhooks/\d{5,25}/)[\w\-]{8,}", r"\1" + MASK, re.IGNORECASE),
    (r"(/webhookb2/)[\w@\-/]{8,}", r"\1" + MASK, re.IGNORECASE),
    (r"(/bot)\d{5,12}:[\w\-]{20,}", r"\1" + MASK, 0),
)  # fmt: skip
HINTS = (
    *("pass", "pwd", "secret", "token", "credential", "key", "session", "cookie", "auth"),
    *("signature", "://", "-", "hooks.", "webhook", "/bot"),
)
FLAG = re.compile(FLAG_NAME, re.IGNORECASE)
USER = re.compile(r"-[A-Za-z]{0,5}u|--user")


@functools.cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, flags), by) for pattern, by, flags in ROWS)


def mask_named(text: str) -> str:
    """Return the text with the value of each name for a secret masked."""
    lowered = text.lower()
    if any(hint in lowered for hint in HINTS):
        for pattern, by in _compiled():
            text = pattern.sub(by, text)
    return text


def is_flag(argument: str) -> bool:
    """Return whether an argument names a secret that the next argument holds."""
    return FLAG.fullmatch(argument) is not None


def mask_arguments(arguments: Iterable[str], mask: Callable[[str], str]) -> tuple[str, ...]:
    """Return the arguments of somebody's command without what could be a secret.

    `mask` masks what shows by itself; here an argument also tells of the next one.
    """
    shown: list[str] = []
    before, words = "", ""
    for argument in arguments:
        if is_flag(before) or (before == "-a" and re.search(r"(redis|valkey)-cli", words)):
            shown.append(MASK)
        elif USER.fullmatch(before) and ":" in argument and not re.fullmatch(r"\d+:\d+", argument):
            shown.append(f"{argument.partition(':')[0]}:{MASK}")
        elif re.match(r"-p.", argument) and re.search(r"mysql|mariadb", words):
            shown.append(f"-p{MASK}")
        else:
            shown.append(mask(argument))
        before, words = argument, f"{words} {argument[:80]}"[-400:]
    return tuple(shown)
