"""Telling files that another program fills in before anybody parses them. Used by the analysers."""

import re

# `${{ }}` is GitHub's own and stands in valid YAML.
_MARK = re.compile(rb"(?<!\$)\{\{|\{%|<%|\{\{-|@@\w+@@")


def is_template(content: bytes) -> bool:
    """Whether it holds marks of Helm, Jinja, ERB and their like."""
    return _MARK.search(content) is not None
