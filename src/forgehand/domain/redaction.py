"""Taking secrets out of text by what they look like. Pure; used by logs, and for words that end up on pages."""

import re

HIDDEN = "[hidden]"

_PATTERNS = re.compile(
    r"gh[pousr]_[A-Za-z0-9._-]{16,}"
    r"|github_pat_[A-Za-z0-9_]{16,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?i:basic|bearer|token)\s+[A-Za-z0-9+/=._-]{16,}"
    # base64 of "x-access-token:", as git sends an installation token
    r"|eC1hY2Nlc3MtdG9rZW46[A-Za-z0-9+/=]+"
    # The password of an address, such as a database's or a remote's.
    r"|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"
    r"|(?<=sign-in\?token=)[\w-]+",
    re.DOTALL,
)


def redact(text: str) -> str:
    """The text without GitHub tokens, JWTs, private keys, authorization headers, passwords in addresses and one-time
    links."""
    return _PATTERNS.sub(HIDDEN, text)
