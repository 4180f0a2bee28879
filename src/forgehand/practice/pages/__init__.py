"""The forge's readable pages. `api` sends everything here that is neither REST nor git."""

from forgehand.practice.pages.site import matches, show

__all__ = ["matches", "show"]
