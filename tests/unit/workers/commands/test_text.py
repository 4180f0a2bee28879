"""An answer is brief, and harmless whatever was typed."""

from forgehand.workers.commands.text import answer_body


def test_an_answer_says_what_was_asked_by_whom_and_what_comes_next() -> None:
    body = answer_body("/forgehand merge abc1234", "ada", "`abc1234` is merged.", taken=True)
    assert body == "✅ ada: `/forgehand merge abc1234`\n\n`abc1234` is merged\\.\n"


def test_a_refusal_has_another_sign_and_mentions_nobody() -> None:
    body = answer_body("/forgehand", "ada", "There is no command `@acme/all`, @acme/all.", taken=False)
    assert body.startswith("❌ ada")
    assert " @acme" not in body


def test_help_lists_what_is_offered_and_nothing_else() -> None:
    body = answer_body("/forgehand help", "ada", "Here:", taken=True, offers=("merge", "help"))
    assert "- `/forgehand merge COMMIT`: merge this commit" in body
    assert "retest" not in body
    assert "first command of a comment counts" in body
