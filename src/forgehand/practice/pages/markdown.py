"""A small, safe part of GitHub's Markdown for the pages: everything is escaped first, then a few forms return.

Headings, emphasis, code, links (http and https only), lists, quotes, tables, `<details>`; HTML comments vanish.
"""

import re
from collections.abc import Iterator
from html import escape

_ASIDE, _CODE = 0xE000, 0xE100
"""Private characters: escaped punctuation, and code spans that are set aside."""
ALLOWED = re.compile(r"&lt;(/?(?:details|summary|sub|sup|b|i|em|strong|code|br|p|kbd))\s*/?&gt;")


def to_html(text: str) -> str:
    """HTML that holds no markup of the text's own but the few allowed tags."""
    bare = re.sub(r"<!--.*?-->", "", text.replace("\r\n", "\n"), flags=re.DOTALL)
    return "\n".join(_blocks(bare.strip().split("\n")))


def _blocks(lines: list[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if fence := re.match(r"\s*(`{3,}|~{3,})", line):
            end = _until(lines, at + 1, lambda x, mark=fence[1]: x.strip().startswith(mark))
            yield f"<pre><code>{escape(chr(10).join(lines[at + 1 : end]))}</code></pre>"
            at = end + 1
        elif heading := re.match(r"(#{1,6})\s+(.*)", line):
            level = len(heading[1])
            yield f"<h{level}>{_inline(heading[2])}</h{level}>"
            at += 1
        elif "|" in line and at + 1 < len(lines) and re.fullmatch(r"[\s|:-]*-[\s|:-]*", lines[at + 1]):
            end = _until(lines, at + 2, lambda x: "|" not in x)
            yield _table([line, *lines[at + 2 : end]])
            at = end
        elif re.match(r"\s*([-*+]|\d+\.)\s", line):
            end = _until(lines, at, lambda x: not re.match(r"\s*([-*+]|\d+\.)\s|\s{2,}\S", x))
            items = (re.sub(r"^\s*([-*+]|\d+\.)\s+", "", item) for item in lines[at:end])
            yield "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"
            at = end
        elif line.startswith(">"):
            end = _until(lines, at, lambda x: not x.startswith(">"))
            yield "<blockquote>" + "<br>".join(_inline(x.lstrip("> ")) for x in lines[at:end]) + "</blockquote>"
            at = end
        elif re.fullmatch(r"\s*</?(details|summary)[^>]*>.*", line):
            yield _inline(line)
            at += 1
        elif line.strip():
            end = _until(lines, at + 1, lambda x: not x.strip() or bool(re.match(r"#|```|~~~|>|[-*+] |</?details", x)))
            yield "<p>" + "<br>".join(_inline(x) for x in lines[at:end]) + "</p>"
            at = end
        else:
            at += 1


def _until(lines: list[str], start: int, stop: "object") -> int:
    assert callable(stop)
    return next((i for i in range(start, len(lines)) if stop(lines[i])), len(lines))


def _table(rows: list[str]) -> str:
    cells = [[_inline(cell.strip()) for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))] for row in rows]
    head = "".join(f"<th>{cell}</th>" for cell in cells[0])
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells[1:])
    return f"<table><tr>{head}</tr>{body}</table>"


def _inline(text: str) -> str:
    codes: list[str] = []

    def kept(found: "re.Match[str]") -> str:
        codes.append(f"<code>{escape(found[2].strip())}</code>")
        return chr(_CODE + len(codes) - 1)

    text = re.sub(r"(?<!\\)(`+)(.+?)\1", kept, text)
    return re.sub(f"[{chr(_CODE)}-{chr(_CODE + 4095)}]", lambda found: codes[ord(found[0]) - _CODE], _forms(text))


def _forms(text: str) -> str:
    return _restored(_styled(escape(_set_aside(text))))


def _set_aside(text: str) -> str:
    """Escaped punctuation as private characters, so that no form below takes it for its own."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", lambda found: chr(_ASIDE + ord(found[1])), text)


def _restored(text: str) -> str:
    return re.sub("[\ue000-\ue07f]", lambda found: escape(chr(ord(found[0]) - _ASIDE)), text)


def _styled(text: str) -> str:
    text = ALLOWED.sub(r"<\1>", text)
    text = re.sub(r"!?\[([^\]]*)\]\((https?://[^\s)]+)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    return re.sub(r"(?<![\w*])[*_](?=\S)(.+?)(?<=\S)[*_](?![\w*])", r"<i>\1</i>", text)
