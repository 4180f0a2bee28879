"""The pages of the practice forge in a real Chromium: wide enough for code, narrow enough for a phone."""

from pathlib import Path

import pytest

from support.browser import browser
from support.forge import sample_forge

pytestmark = [pytest.mark.anyio, pytest.mark.needs("chromium")]

WORD = "a_name_that_offers_no_place_to_break_it_" * 3


@pytest.mark.parametrize("width", [360, 1280])
async def test_code_has_most_of_the_width_and_nothing_scrolls_sideways(
    chromium: Path, tmp_path: Path, width: int
) -> None:
    place = {"path": f"app/{WORD}.py", "start_line": 1, "end_line": 1, "annotation_level": "failure"}
    output = {"title": WORD, "summary": WORD, "annotations": [place | {"title": f"F821: {WORD}", "message": WORD}]}
    with sample_forge(tmp_path) as sample, sample.client() as api:
        check = {"name": "review", "head_sha": sample.pull.head_sha, "conclusion": "failure", "output": output}
        run = api.post("/repos/octo/sample/check-runs", json=check).json()["html_url"]
        async with browser(chromium) as opened:
            page = await opened.new_page(viewport={"width": width, "height": 800})
            for address in (run, f"{sample.url}/octo/sample/pull/1"):
                await page.goto(address)
                wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                assert await page.evaluate(wide) <= 0, address
            number, code = page.locator("tr.add td.n").first, page.locator("tr.add td:not(.n)").first
            assert await number.evaluate("each => each.offsetWidth") == 52
            assert await code.evaluate("each => each.offsetWidth") > width / 2
