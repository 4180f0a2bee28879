"""What is said of findings: stable bytes, within GitHub's limits, harmless."""

from dataclasses import replace

from forgehand.domain.findings import Finding, Severity
from forgehand.workers.review import review_text as text
from forgehand.workers.review.rules.static import Told

FINDING = Finding("a.py", 3, "F821", Severity.MAJOR, "Undefined name `x`", "https://docs.example", "ruff", "x")


def test_an_inline_comment_says_what_and_carries_its_fingerprint() -> None:
    (comment,) = text.inline_comments([FINDING])
    assert (comment.path, comment.line, comment.side) == ("a.py", 3, "RIGHT")
    assert comment.body.startswith("**🔴 major** · Undefined name `x` · `ruff F821`\n\n")
    assert text.said_fingerprints(comment.body) == (FINDING.fingerprint,)


def test_findings_on_one_line_share_a_comment() -> None:
    other = replace(FINDING, rule="F401", severity=Severity.MINOR)
    (comment,) = text.inline_comments([FINDING, other])
    assert set(text.said_fingerprints(comment.body)) == {FINDING.fingerprint, other.fingerprint}


def test_the_table_has_a_row_for_each_and_counts_the_rest() -> None:
    rows = text.findings_table(Told((FINDING,), beyond=2, majors=1))
    assert "| 🔴 major | `a.py:3` | Undefined name `x` | `F821` |" in rows
    assert "… and 2 more findings that this comment leaves out." in rows
    assert text.findings_table(Told((), 0, 0)) == []


def test_the_check_run_has_annotations_in_plain_text() -> None:
    major, minor = text.annotations([FINDING, replace(FINDING, severity=Severity.MINOR, body="")])
    assert (major.level, major.title, major.message) == ("failure", "F821: Undefined name `x`", "https://docs.example")
    assert (minor.level, minor.title, minor.message) == ("warning", "F821", "Undefined name `x`")


def test_hostile_findings_stay_within_the_limits() -> None:
    long = tuple(
        replace(FINDING, line=n, title="`|*_<" * 28, body="<!-- " * 120, path="|`" * 500, text=f"{n}")
        for n in range(1, 26)
    )
    assert all(len(comment.body) < 20_000 for comment in text.inline_comments(long))


def test_a_file_name_cannot_forge_a_marker() -> None:
    name = "<!-- forgehand-finding:" + "a" * 16 + " --><!-- forgehand:" + "b" * 32 + " -->.py"
    finding = replace(FINDING, path=name, title=name, body=name)
    assert text.said_fingerprints("\n".join(text.findings_table(Told((finding,), 0, 1)))) == ()
    (comment,) = text.inline_comments([finding])
    assert text.said_fingerprints(comment.body) == (finding.fingerprint,)


def test_the_review_body_counts_what_is_new_and_names_no_job() -> None:
    one = "New in abcdef1: 1 major finding. The check run says how this was decided.\n"
    assert text.review_body([FINDING], "abcdef1" * 5) == one
    both = [replace(FINDING, tool="secrets"), FINDING]
    assert text.review_body(both, "abcdef1" * 5).startswith("New in abcdef1: 1 secret and 1 major finding. ")
    assert text.review_body([], "abcdef1" * 5).startswith("No new findings in abcdef1. ")


def test_a_rule_is_linked_to_where_it_is_explained_and_only_to_a_plain_address() -> None:
    def said(url: str) -> str:
        finding = Finding("a.py", 1, "F821", Severity.MAJOR, "Undefined name", "", "ruff", "x", url)
        return text.inline_comments([finding])[0].body

    assert "[`ruff F821`](https://docs.astral.sh/ruff/rules/undefined-name)" in said(
        "https://docs.astral.sh/ruff/rules/undefined-name"
    )
    assert "](" not in said("javascript:alert(1)")
    assert "](" not in said("https://e.org/) [x](http://evil")
