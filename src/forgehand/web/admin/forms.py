"""Reading small HTML forms without a multipart parser. Used by actions and sign-in."""

import re
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_FORM_BYTES = 16 * 1024
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""No name and no line of text holds one, and PostgreSQL takes no NUL."""


async def fields(request: Request) -> dict[str, str]:
    """The fields of a url-encoded form; 400 above 50, 413 above 16 KB, 415 for another content type."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(415, "Send a url-encoded form.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise HTTPException(413, "The form is larger than 16 KB.")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise HTTPException(400, "The form has more than 50 fields.") from None


def local(path: str | None) -> str:
    """A path of ours to go to next: never another site, whatever the form says."""
    odd = path is None or not path.startswith("/admin") or "\\" in path or not path.isprintable()
    return "/admin" if odd or path is None else path
