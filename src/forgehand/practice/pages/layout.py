"""The frame and the look of every page."""

from html import escape

from forgehand.practice.router import Reply

STYLE = """
:root{color-scheme:light dark;--line:#d0d7de;--soft:#f6f8fa;--add:#e6ffec;--del:#ffebe9;--hunk:#ddf4ff;--dim:#59636e}
@media(prefers-color-scheme:dark){:root{--line:#3d444d;--soft:#151b23;--add:#12261e;--del:#301b1e;--hunk:#121d2f;
--dim:#9198a1}}
*{box-sizing:border-box}body{font:14px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1100px;padding:0 16px 64px}
header{padding:16px 0;border-bottom:1px solid var(--line);margin-bottom:16px}a{color:#0969da;text-decoration:none}
a:hover{text-decoration:underline}.dim{color:var(--dim)}code,pre,.code{font:12px/1.5 ui-monospace,monospace}
code{background:var(--soft);padding:1px 4px;border-radius:4px}pre{background:var(--soft);padding:8px;overflow:auto}
.box{border:1px solid var(--line);border-radius:6px;margin:16px 0;overflow:hidden;overflow-wrap:anywhere}
.box>.title{background:var(--soft);padding:8px 12px;border-bottom:1px solid var(--line)}.box>.body{padding:8px 12px}
table{border-collapse:collapse}th,td{border:1px solid var(--line);padding:4px 10px;text-align:left}
table.code{width:100%;table-layout:fixed}table.code td{border:0;padding:0 8px;white-space:pre-wrap;
overflow-wrap:anywhere;vertical-align:top}
table.code col.n{width:52px}table.code td.n{text-align:right;color:var(--dim)}
tr.add{background:var(--add)}tr.del{background:var(--del)}tr.hunk{background:var(--hunk)}
table.code td.note{white-space:normal;font:14px/1.5 system-ui,sans-serif;padding:8px 16px}
.tag{border:1px solid var(--line);border-radius:12px;padding:1px 8px;font-size:12px}
.ok{color:#1a7f37}.bad{color:#cf222e}
"""


def page(title: str, body: str, status: int = 200) -> Reply:
    """`title` is text, `body` is HTML."""
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f'<header><a href="/"><b>Practice forge</b></a></header><main>{body}</main></html>'
    )
    # Nothing on a page may run, whatever a repository holds.
    policy = "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'"
    return Reply(html, status, {"Content-Security-Policy": policy}, "text/html; charset=utf-8")


def box(title: str, body: str) -> str:
    """Both are HTML."""
    return f'<section class="box"><div class="title">{title}</div><div class="body">{body}</div></section>'


def missing() -> Reply:
    return page("Not found", "<h1>404</h1><p>There is nothing here.</p>", 404)
