"""The pages show what REST says, and nothing that they show can run."""

import re
import subprocess
from pathlib import Path

import pytest

from forgehand.practice.pages.markdown import to_html
from support.forge import Sample, client

EVIL = "<script>alert(1)</script>"


def test_a_pull_request_s_page_shows_description_diff_review_conversation_and_checks(sample: Sample) -> None:
    comment = {"path": "app.py", "line": 1, "body": "**Unused** import"}
    sample.forge.review("octo/sample", 1, "reviewer", body="Some notes", comments=[comment])
    sample.forge.comment("octo/sample", 1, "dev", f"# Summary\n<!-- marker -->\n{EVIL}")
    with sample.client() as api:
        body = {"name": "review", "head_sha": sample.pull.head_sha, "conclusion": "neutral"}
        api.post("/repos/octo/sample/check-runs", json=body | {"output": {"title": "One finding", "summary": "See it"}})
    shown = client(sample.url).get("/octo/sample/pull/1")
    assert shown.status_code == 200
    for text in ("A feature", "What it does", "import os", "<b>Unused</b> import", "Some notes", "<h1>Summary</h1>"):
        assert text in shown.text
    for text in ("One finding", "neutral", "reviewer"):
        assert text in shown.text
    assert "<script" not in shown.text
    assert "marker" not in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]


def test_a_check_run_s_page_shows_what_it_says_of_each_line(sample: Sample) -> None:
    place = {"path": "app.py", "start_line": 3, "end_line": 3, "annotation_level": "failure"}
    said = [place | {"title": "F821", "message": f"Undefined {EVIL}"}, place | {"start_line": 9, "message": "No title"}]
    with sample.client() as api:
        body = {"name": "review", "head_sha": sample.pull.head_sha, "conclusion": "failure"}
        output = {"title": "Two findings", "summary": "See them", "annotations": said}
        made = api.post("/repos/octo/sample/check-runs", json=body | {"output": output}).json()
    shown = client(sample.url).get(made["html_url"]).text
    for text in (
        "Two findings",
        "<b>failure</b>",
        "app.py:3",
        "F821",
        "Undefined &lt;script&gt;",
        "app.py:9",
        "No title",
    ):
        assert text in shown


@pytest.mark.parametrize(
    ("title", "message", "times"),
    [
        ("F821: Undefined name `amount`", "Undefined name `amount`", 1),
        ("Undefined name `amount`", "Undefined name `amount` in cart()", 1),
        ("Undefined name `amount`", "Is `amount` meant?", 2),
    ],
)
def test_an_annotation_whose_title_and_message_say_the_same_says_it_once(
    sample: Sample, title: str, message: str, times: int
) -> None:
    said = {"path": "app.py", "start_line": 3, "end_line": 3, "annotation_level": "failure"}
    said |= {"title": title, "message": message}
    with sample.client() as api:
        body = {"name": "review", "head_sha": sample.pull.head_sha, "conclusion": "failure"}
        output = {"title": "A finding", "summary": "See it", "annotations": [said]}
        made = api.post("/repos/octo/sample/check-runs", json=body | {"output": output}).json()
    shown = client(sample.url).get(made["html_url"]).text
    assert shown.count("`amount`") == times
    assert max(title, message, key=len) in shown


def test_every_link_of_a_rendered_object_leads_to_a_page(sample: Sample) -> None:
    issue = sample.forge.open_issue("octo/sample", "An issue", "body")
    browser = client(sample.url)
    with sample.client() as api:
        run = api.post("/repos/octo/sample/check-runs", json={"name": "c", "head_sha": sample.pull.head_sha}).json()
        links = [
            api.get("/repos/octo/sample").json()["html_url"],
            api.get("/repos/octo/sample/pulls/1").json()["html_url"],
            api.get("/repos/octo/sample/pulls/1").json()["diff_url"],
            api.get(f"/repos/octo/sample/issues/{issue.number}").json()["html_url"],
            api.get("/repos/octo/sample/commits/feature").json()["html_url"],
            api.get("/repos/octo/sample/pulls/1/files").json()[0]["blob_url"],
            api.get("/repos/octo/sample/pulls/1/files").json()[0]["raw_url"],
            run["html_url"],
            run["app"]["html_url"],
            run["app"]["owner"]["avatar_url"],
            sample.url + "/",
        ]
    assert [browser.get(link).status_code for link in links] == [200] * len(links)
    assert browser.get("/octo/sample/pull/99").status_code == 404
    assert browser.get("/octo/nothing").status_code == 404


def test_a_repository_s_own_html_is_shown_as_text(sample: Sample) -> None:
    sample.forge.commit("octo/sample", "main", {"page.html": EVIL})
    browser = client(sample.url)
    raw = browser.get("/octo/sample/raw/main/page.html")
    assert raw.headers["content-type"].startswith("text/plain")
    assert EVIL not in browser.get("/octo/sample/blob/main/page.html").text


def test_a_person_makes_a_repository_and_a_token_and_pushes(sample: Sample, tmp_path: Path) -> None:
    browser = client(sample.url)
    assert browser.post("/new", data={"name": "me/mine"}).status_code == 302
    assert browser.post("/new", data={"name": "me/mine"}).status_code == 422
    assert browser.post("/new", data={"name": "../etc/passwd"}).status_code == 422
    shown = browser.post("/settings/tokens/new", data={"login": "me"})
    token = re.findall(r"ghp_\w+", shown.text)[0]
    address = sample.url.replace("http://", f"http://me:{token}@") + "/me/mine.git"
    subprocess.run(["git", f"--git-dir={sample.repository.path}", "push", "-q", address, "main"], check=True)
    assert sample.forge.read("me/mine", "main", "README.md") == b"# Sample\n"
    assert browser.get("/me/mine").status_code == 200


def test_a_form_of_another_site_is_refused(sample: Sample) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    assert client(sample.url).post("/new", data={"name": "me/mine"}, headers=foreign).status_code == 403


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a **b** `c*d*`", "<p>a <b>b</b> <code>c*d*</code></p>"),
        ("[x](https://e.org/a) [y](javascript:1)", '<p><a href="https://e.org/a">x</a> [y](javascript:1)</p>'),
        ("```py\n<b>\n```", "<pre><code>&lt;b&gt;</code></pre>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("|a|b|\n|-|-|\n|1|2|", "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"),
        ("<details><summary>s</summary>\n\nx\n\n</details>", "<details><summary>s</summary>\n<p>x</p>\n</details>"),
        ('<img src=x onerror="1">', "<p>&lt;img src=x onerror=&quot;1&quot;&gt;</p>"),
        ("some_snake_name", "<p>some_snake_name</p>"),
        (r"sk\_l\_1\: \`no\` \<b\> **\***", "<p>sk_l_1: `no` &lt;b&gt; <b>*</b></p>"),
        ("[`F821`](https://e.org/a-b)", '<p><a href="https://e.org/a-b"><code>F821</code></a></p>'),
    ],
)
def test_markdown_becomes_safe_html(text: str, html: str) -> None:
    assert to_html(text) == html
