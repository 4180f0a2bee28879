"""The few places of the dashboard, each with its pages one level below. Used by `shell` for the frame of every page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A place: `pages` maps paths to names, and the first of them is where it begins."""

    name: str
    pages: dict[str, str]

    @property
    def path(self) -> str:
        return next(iter(self.pages))

    def page_of(self, path: str) -> str | None:
        """The page of ours that this path is, or lies below; the closest where there are several."""
        above = [each for each in self.pages if path == each or path.startswith(f"{each}/")]
        return max(above, key=len, default=None)


SECTIONS = (
    Section("Overview", {"/admin": "Overview"}),
    Section("Pull requests", {"/admin/pulls": "Pull requests", "/admin/queues": "Merge queues"}),
    Section(
        "Activity",
        {
            "/admin/deliveries": "Deliveries",
            "/admin/jobs": "Jobs",
            "/admin/effects": "Effects",
            "/admin/dispatches": "Dispatches",
        },
    ),
    Section(
        "Trouble",
        {
            "/admin/dead-letters": "Dead letters",
            "/admin/unknown-effects": "Unknown effects",
            "/admin/failures": "Failures",
        },
    ),
    Section(
        "Statistics",
        {"/admin/workers": "Workers", "/admin/repositories": "Repositories", "/admin/targets": "Dispatch targets"},
    ),
    Section("Audit", {"/admin/audit": "What people did", "/admin/audit/writes": "What was written"}),
)


def section_of(path: str) -> Section | None:
    """Where a page belongs; None for one that stands alone, as the search does."""
    if path == "/admin":
        return SECTIONS[0]
    return next((each for each in SECTIONS[1:] if each.page_of(path)), None)
