"""A job and a fact in a line."""

from dataclasses import replace

from forgehand.domain.jobs import Job, JobState
from forgehand.engine.queries.sayings import MOST, brief, came_of, in_words

JOB = Job("j", "testing", "testing", 1, 42, "acme/shop", "pull/7", 0.0, state=JobState.COMPLETED)


def test_a_result_is_told_in_a_line_with_its_reason_first() -> None:
    result = {"head": "f21e559", "findings": 5, "major": 0, "conclusion": "failure", "why": "1 major finding."}
    assert brief(result) == "failure: 1 major finding. · findings 5"
    assert brief({"why": "our own App sent it", "jobs": 0}) == "our own App sent it"
    assert brief({"why": "not reviewed yet", "waits": True, "files": 2}) == "not reviewed yet · files 2"
    assert brief({}) == ""


def test_a_job_that_had_nothing_to_do_says_why() -> None:
    off = {"skipped": "tests are switched off for main", "remedy": "set tests.enabled to true", "head": "9f1c0de"}
    assert came_of(replace(JOB, result=off)) == "skipped: tests are switched off for main"
    assert came_of(replace(JOB, result={"skipped": "draft"})) == "skipped: draft"


def test_why_a_job_is_where_it_is_comes_before_what_came_of_it() -> None:
    assert came_of(replace(JOB, why="superseded by 53d23c0b", result={"skipped": "draft"})) == "superseded by 53d23c0b"
    assert came_of(JOB) == ""


def test_however_much_there_is_to_say_it_stays_a_line() -> None:
    assert len(brief({"why": "x" * 10_000})) == MOST


def test_a_fact_is_told_in_names_and_values_with_commits_as_people_write_them() -> None:
    merged = {"repository": "acme/shop", "number": 7, "head": "a" * 40, "tree": "", "as_tested": True}
    assert in_words(merged) == "repository: acme/shop, number: 7, head: aaaaaaa, as tested: yes"
    assert in_words({"pulls": [4, 5], "passed": False}) == "pulls: 4 and 5, passed: no"
    assert in_words({"matched": {"review": "it waits for pull_request"}, "missed": {}, "seconds": 0}) == (
        "matched: (review: it waits for pull_request), seconds: 0"
    )
    assert in_words({}) == ""
