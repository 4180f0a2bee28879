"""Secrets that kingfisher's rules were seen to miss, found line by line. Used by `secrets`.

Every pattern starts with a literal and has bounded repeats, so that no file can make one slow.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_LINE = 20_000
"""Longer lines are generated; kingfisher reads them too."""


@dataclass(frozen=True, slots=True)
class Match:
    """Columns count bytes from 0; lines count from 1."""

    line: int
    start: int
    end: int
    rule: str
    what: str
    value: bytes


def matches(content: bytes, go_on: Callable[[], bool] = lambda: True) -> Iterator[Match]:
    """The secrets in a file's content. `go_on` is asked now and then; matching ends early when it says no."""
    number, at = 1, 0
    for looked, found_line in enumerate(_LINE.finditer(content)):
        if looked % _ASK_EVERY == 0 and not go_on():
            return
        line = found_line[0]
        if len(line) > MAX_LINE or not _HINT.search(line):
            continue
        number += content.count(b"\n", at, found_line.start())
        at = found_line.start()
        for rule, what, pattern in _PATTERNS:
            for found in pattern.finditer(line):
                value = found["secret"]
                if looks_random(value):
                    yield Match(number, found.start("secret"), found.end("secret"), rule, what, value)


_LINE = re.compile(rb"[^\n]{18,}")
"""No pattern matches less."""
_ASK_EVERY = 1_000
_HINT = re.compile(rb"(?i:akia|asia|aws|discord|:aa|hf_|sk-|machine|passw|pwd|secret|key|token)")
"""What every match contains, so that most lines are looked at once."""


def _pattern(text: str) -> re.Pattern[bytes]:
    return re.compile(text.encode(), re.ASCII)


_NAME = r"(?i:passw(?:or)?d|passwd|pwd|secret|secret_?key|api_?key|auth_?token|access_?token|private_?key)"
_DRAWN = (
    r"(?=[A-Za-z0-9+/_=]{0,119}\d[A-Za-z+/_=]{0,119}\d)(?=\w{0,119}[a-z])(?=\w{0,119}[A-Z])"
    r"(?P<secret>[A-Za-z0-9+/_=]{16,120})"
)
"""A bare word with both cases and two digits: nearly no name of a thing."""
_PATTERNS: tuple[tuple[str, str, re.Pattern[bytes]], ...] = (
    # kingfisher asks for a key id and its secret in one file; an id alone names the account to attack.
    (
        "aws-key-id",
        "AWS access key id",
        _pattern(r"(?<![A-Za-z0-9+/_])(?P<secret>(?:AKIA|ASIA)[A-Z2-7]{16})(?![A-Za-z0-9+/_])"),
    ),
    (
        "aws-secret-key",
        "AWS secret access key",
        _pattern(
            r"""(?i:aws_?secret_?(?:access_?)?key)["']?\s{0,4}[:=]\s{0,4}["']?(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"""
        ),
    ),
    (
        "discord-webhook",
        "Discord webhook",
        _pattern(r"https://(?:\w{2,9}\.)?discord(?:app)?\.com/api/webhooks/\d{17,20}/(?P<secret>[\w-]{60,80})"),
    ),
    ("telegram-bot-token", "Telegram bot token", _pattern(r"(?<![\w:])(?P<secret>\d{8,10}:AA[\w-]{33})(?![\w-])")),
    ("huggingface-token", "Hugging Face token", _pattern(r"(?<!\w)(?P<secret>hf_[A-Za-z0-9]{34,40})(?!\w)")),
    (
        "netrc-password",
        "password in netrc form",
        _pattern(r"machine\s{1,4}\S{1,200}\s{1,4}login\s{1,4}\S{1,100}\s{1,4}password\s{1,4}(?P<secret>\S{8,200})"),
    ),
    ("openai-key", "OpenAI key", _pattern(r"(?<!\w)(?P<secret>sk-(?:proj|svcacct|admin)-[\w-]{40,200})(?![\w-])")),
    (
        "environment-secret",
        "value of a variable that says secret",
        _pattern(
            r"(?<![\w$])[A-Z][A-Z0-9_]{0,60}(?:PASSWORD|PASSWD|SECRET|TOKEN|_KEY)\s{0,2}=\s{0,2}" + _DRAWN + r"\s{0,9}$"
        ),
    ),
    (
        "yaml-secret",
        "value of a key that says secret",
        _pattern(r"(?<!\w)" + _NAME + r":\s{1,4}" + _DRAWN + r"\s{0,9}$"),
    ),
    (
        "named-secret",
        "value of a name that says secret",
        _pattern(
            _NAME
            + r"""["']?\]?\s{0,4}(?::\s{0,2}str\s{0,2})?[:=]\s{0,4}(?P<q>["'])(?P<secret>[^"'\s{}<>$%]{12,120})(?P=q)"""
        ),
    ),
)
_ENTROPY = 3.3
_PLACEHOLDER = re.compile(
    rb"(?i)example|changeme|change_me|placeholder|your[-_]|dummy|sample|redacted|xxxx|test|todo|\*\*\*|\.\.\.|^/|://|\\"
)
_WORDS = re.compile(rb"(?:[A-Za-z]+\d{0,2}[._:/-]){1,20}[A-Za-z]*\d{0,2}")
"""Names of things: `settings.api.key1`."""


def looks_random(value: bytes) -> bool:
    """Whether it looks drawn rather than typed: enough bits in each character, and no word that says example. A
    password has letters and digits both."""
    if (
        _PLACEHOLDER.search(value)
        or _WORDS.fullmatch(value)
        or not (re.search(rb"\d", value) and re.search(rb"[A-Za-z]", value))
    ):
        return False
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return bits >= min(_ENTROPY, math.log2(len(value)) * 0.8)
