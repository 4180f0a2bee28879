"""A diff as a table, with the notes of reviews below their lines. For pull request and commit pages."""

from collections.abc import Mapping, Sequence
from html import escape

from forgehand.practice.diffs import FileDiff
from forgehand.practice.pages.layout import box

Notes = Mapping[tuple[str, str, int], Sequence[str]]
"""HTML by path, side and line."""

_COLUMNS = '<colgroup><col class="n"><col class="n"><col></colgroup>'
"""They give the widths: the first row cannot, for it spans all three."""


def files(changed: Sequence[FileDiff], notes: Notes) -> str:
    return "".join(_file(file, notes) for file in changed) or "<p>No changes.</p>"


def _file(file: FileDiff, notes: Notes) -> str:
    name = escape(file.filename)
    if file.previous_filename:
        name = f"{escape(file.previous_filename)} → {name}"
    title = f'<span class="code">{name}</span> <span class="ok">+{file.additions}</span> '
    title += f'<span class="bad">−{file.deletions}</span>'
    if file.patch is None:
        return box(title, '<span class="dim">Binary, empty or too large to show.</span>')
    headers = [text for text in file.patch.split("\n") if text.startswith("@@")]
    rows: list[str] = []
    hunk = -1
    for line in file.lines():
        if line.hunk != hunk:
            hunk = line.hunk
            rows.append(f'<tr class="hunk"><td colspan="3">{escape(headers[hunk])}</td></tr>')
        kind = {"+": "add", "-": "del"}.get(line.tag, "")
        numbers = "".join(f'<td class="n">{n or ""}</td>' for n in (line.old, line.new))
        rows.append(f'<tr class="{kind}">{numbers}<td>{line.tag}{escape(line.text)}</td></tr>')
        here = [("LEFT", line.old)] if line.tag == "-" else [("RIGHT", line.new), ("LEFT", line.old)]
        for side, number in here:
            found = notes.get((file.filename, side, number), ()) if number else ()
            rows.extend(f'<tr><td colspan="3" class="note">{note}</td></tr>' for note in found)
    return box(title, f'<table class="code">{_COLUMNS}{"".join(rows)}</table>')
