"""Where a person agrees to be signed in with an app, and where the app fetches the token.

GitHub knows who sits there by their session; here the form asks.
"""

from html import escape
from urllib.parse import parse_qsl

from forgehand.practice.oauth import Mismatch, agree, asked, redeem
from forgehand.practice.pages.layout import missing, page
from forgehand.practice.router import Reply
from forgehand.practice.world import World


def login(world: World, method: str, rest: list[str], query: dict[str, str], body: bytes) -> Reply:
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    match method, rest:
        case "POST", ["oauth", "access_token"]:
            return Reply(redeem(world, form))
        case "GET" | "POST", ["oauth", "authorize"]:
            try:
                return _authorize(world, query, form.get("login", ""))
            except Mismatch as error:
                return page("Authorize", f"<h1>Be careful!</h1><p>{escape(str(error))}</p>", 400)
    return missing()


def _authorize(world: World, query: dict[str, str], login: str) -> Reply:
    app = asked(world, query)
    known = world.accounts.get(login.lower())
    if known and known.type == "User":
        return Reply("", 302, {"Location": agree(world, query, known.login)}, "text/plain; charset=utf-8")
    body = f"<h1>Authorize {escape(app.name)}</h1><p>It learns who you are, and nothing else.</p>"
    body += '<form method="post"><p>Sign in as <input name="login"> <button>Authorize</button></p></form>'
    return page("Authorize", body)
