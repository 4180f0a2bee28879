"""What an analyser's words lose before they leave, and what they keep."""

import pytest

from forgehand.adapters.analysers.concealing import conceal, without_strings
from support.secrets import Fakes


@pytest.mark.parametrize(
    "said",
    [
        "Undefined name `compute_total_price_of_cart_2`",
        "`collections.abc.MutableMapping` imported but unused; consider using `importlib.util.find_spec`",
        "Local variable `ünï` is assigned to but never used",
        "Comparison to `None` should be `cond is None`",
        "Redefinition of unused `test_a_long_sentence_as_a_name_with_90_words` from line 12",
        "Probable use of insecure hash functions in `hashlib`: `sha1`",
        "No such file: /opt/forgehand/lib/python3.11/site-packages/x.py",
    ],
)
def test_ordinary_words_stay(said: str) -> None:
    assert conceal(said) == said


@pytest.mark.parametrize("kind", ["github_token", "slack_bot", "stripe", "google", "jwt", "huggingface", "aws_key_id"])
def test_secrets_do_not(kind: str) -> None:
    secret = getattr(Fakes(5), kind)()
    assert secret not in conceal(f"Undefined name `{secret}`, twice: {secret}")


def test_a_string_keeps_its_quotes_alone() -> None:
    assert without_strings("""literal `"a\\"b"` and 'c' repeated""") == """literal `"…"` and '…' repeated"""
