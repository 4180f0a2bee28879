"""What the review says: stable bytes, within GitHub's limits, every file accounted for."""

from dataclasses import replace

from forgehand.domain.findings import Finding, Severity
from forgehand.workers.review import text
from forgehand.workers.review.rules import Facts, File, Policy, Verdict, judge

URL = "https://forgehand.example/jobs/1"
FILE = File("a.py", "modified", shown=frozenset(range(1, 100)), looked=("ruff", "secrets"))
FINDING = Finding("a.py", 3, "F821", Severity.MAJOR, "Undefined name `x`", "https://docs.example", "ruff", "x")


def _verdict(*findings: Finding, files: tuple[File, ...] = (FILE,), **more: object) -> Verdict:
    return judge(Facts("abcdef1" * 5, "main", "open", False, files, findings, **more), Policy())  # type: ignore[arg-type]


def test_an_inline_comment_says_what_and_carries_its_fingerprint() -> None:
    (comment,) = text.inline_comments([FINDING])
    assert (comment.path, comment.line, comment.side) == ("a.py", 3, "RIGHT")
    assert comment.body.startswith("**🔴 major** · Undefined name `x` · `ruff F821`\n\n")
    assert text.said_fingerprints(comment.body) == (FINDING.fingerprint,)


def test_findings_on_one_line_share_a_comment() -> None:
    other = replace(FINDING, rule="F401", severity=Severity.MINOR)
    (comment,) = text.inline_comments([FINDING, other])
    assert set(text.said_fingerprints(comment.body)) == {FINDING.fingerprint, other.fingerprint}


def test_the_summary_has_verdict_rules_findings_and_every_file() -> None:
    skipped = File("l", "added", left_out="a symbolic link")
    body = text.summary(_verdict(FINDING, files=(FILE, skipped)), URL)
    assert body.startswith("### Changes needed\\: 1 major finding\n")
    assert "- ❌ **static review** · 1 major finding\\.\n" in body
    assert "- ✅ **secrets**" in body
    assert "| 🔴 major | `a.py:3` | Undefined name `x` | `F821` |" in body
    assert "<details><summary>2 changed files: 1 reviewed, 0 partial, 1 skipped</summary>" in body
    assert "- reviewed: `a.py` (by ruff, secrets)" in body
    assert "- skipped: `l` (a symbolic link)" in body
    assert body.rstrip().endswith(f"[how this was decided]({URL})</sub>")


def test_a_clean_review_says_so() -> None:
    verdict = _verdict()
    assert text.headline(verdict) == "No findings"
    assert text.check_title(verdict) == "No findings"
    assert "| |" not in text.summary(verdict, URL)


def test_minor_findings_are_called_nothing_serious() -> None:
    verdict = _verdict(replace(FINDING, severity=Severity.MINOR))
    assert text.headline(verdict) == "Nothing serious: 1 minor finding"


def test_what_did_not_finish_is_said_plainly() -> None:
    body = text.summary(_verdict(failures=(("ruff", "it <b>broke</b>"),)), URL)
    assert body.startswith("### Not fully reviewed\\: ruff could not finish")
    assert "`ruff` did not finish, so its silence means nothing: it &lt;b\\>broke&lt;/b\\>" in body


def test_a_files_name_stays_on_one_line_of_the_title() -> None:
    odd = File("a\nb\u202e.py", "added", left_out="its name has a control character")
    title = text.check_title(_verdict(files=(FILE, odd)))
    assert title == ("Not fully reviewed: 1 file could not be read: a␊b\\u202e.py (its name has a control character)")


def test_the_check_run_has_annotations_in_plain_text() -> None:
    major, minor = text.annotations([FINDING, replace(FINDING, severity=Severity.MINOR, body="")])
    assert (major.level, major.title, major.message) == ("failure", "F821: Undefined name `x`", "https://docs.example")
    assert (minor.level, minor.message) == ("warning", "Undefined name `x`")


def test_the_same_verdict_gives_the_same_bytes() -> None:
    twice = [
        (text.summary(v, URL), text.review_body(v), text.check_summary(v), text.inline_comments(v.inline))
        for v in (_verdict(FINDING, files=(FILE, File("b", "added", looked=("secrets",)))) for _ in range(2))
    ]
    assert twice[0] == twice[1]


def test_three_thousand_files_stay_within_githubs_limit_and_are_counted() -> None:
    files = tuple(replace(FILE, path=f"{'deep/' * 20}module_{n:04}.py") for n in range(3000))
    body = text.summary(_verdict(files=files), URL)
    assert len(body) <= text.MAX_BODY
    shown = body.count("- reviewed: ")
    assert f"- … and {3000 - shown} more files" in body
    assert "3000 changed files: 3000 reviewed" in body
    assert body.count("</details>") == 1


def test_hostile_findings_stay_within_the_limits() -> None:
    long = tuple(
        replace(FINDING, line=n, title="`|*_<" * 28, body="<!-- " * 120, path="|`" * 500, text=f"{n}")
        for n in range(1, 26)
    )
    verdict = _verdict(*long, files=(replace(FILE, path="|`" * 500),))
    for body in (text.summary(verdict, URL), text.check_summary(verdict), text.check_title(verdict)):
        assert len(body) <= text.MAX_BODY
    assert all(len(comment.body) < 20_000 for comment in text.inline_comments(verdict.inline))


def test_a_file_name_cannot_forge_a_marker() -> None:
    name = "<!-- forgehand-finding:" + "a" * 16 + " --><!-- forgehand:" + "b" * 32 + " -->.py"
    finding = replace(FINDING, path=name, title=name, body=name)
    verdict = _verdict(finding, files=(replace(FILE, path=name),))
    assert text.said_fingerprints(text.summary(verdict, URL)) == ()
    (comment,) = text.inline_comments(verdict.inline)
    assert text.said_fingerprints(comment.body) == (finding.fingerprint,)


def test_the_review_body_counts_what_is_new() -> None:
    one = "1 new finding in abcdef1, 1 major. The check run says how this was decided.\n"
    assert text.review_body(_verdict(FINDING)) == one
    assert text.review_body(_verdict()).startswith("No new findings in abcdef1. ")


def test_two_jobs_that_review_one_head_say_the_same_review() -> None:
    assert URL not in text.review_body(_verdict(FINDING))


def test_a_rule_is_linked_to_where_it_is_explained_and_only_to_a_plain_address() -> None:
    def said(url: str) -> str:
        finding = Finding("a.py", 1, "F821", Severity.MAJOR, "Undefined name", "", "ruff", "x", url)
        return text.inline_comments([finding])[0].body

    assert "[`ruff F821`](https://docs.astral.sh/ruff/rules/undefined-name)" in said(
        "https://docs.astral.sh/ruff/rules/undefined-name"
    )
    assert "](" not in said("javascript:alert(1)")
    assert "](" not in said("https://e.org/) [x](http://evil")


def test_the_headline_counts_every_major_finding_whichever_rule_it_broke() -> None:
    secret = replace(FINDING, line=5, rule="token", tool="secrets")
    minor = replace(FINDING, line=7, rule="E722", severity=Severity.MINOR)
    assert text.headline(_verdict(FINDING, secret, minor)) == "Changes needed: 2 major findings and 1 minor one"
