"""Every page knows its place."""

import pytest

from forgehand.web.admin.navigation import SECTIONS, section_of


@pytest.mark.parametrize(
    ("path", "section", "page"),
    [
        ("/admin", "Overview", "/admin"),
        ("/admin/jobs/abc", "Activity", "/admin/jobs"),
        ("/admin/audit/writes", "Audit", "/admin/audit/writes"),
        ("/admin/pulls/42/7", "Pull requests", "/admin/pulls"),
    ],
)
def test_a_page_belongs_to_a_section(path: str, section: str, page: str) -> None:
    found = section_of(path)
    assert found is not None
    assert (found.name, found.page_of(path)) == (section, page)


def test_some_pages_stand_alone() -> None:
    assert section_of("/admin/search") is None
    assert section_of("/admin/jobsearch") is None


def test_there_are_few_places() -> None:
    assert len(SECTIONS) <= 7
