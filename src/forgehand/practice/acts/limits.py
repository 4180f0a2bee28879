"""How long a text may be. Used by every act that stores one."""

from forgehand.practice.errors import Refusal, invalid

LONGEST_BODY = 65_536
LONGEST_OUTPUT = 65_535
"""https://docs.github.com/en/rest/checks/runs#create-a-check-run"""


def check_body(resource: str, body: str | None, required: bool = False) -> None:
    """GitHub refuses an issue, comment or review body above 65,536 characters, and a blank comment."""
    if required and not (body or "").strip():
        raise invalid(resource, "body", "missing_field", "body can't be blank")
    if body is not None and len(body) > LONGEST_BODY:
        text = f"Body is too long (maximum is {LONGEST_BODY} characters)"
        raise invalid(resource, "data", "unprocessable", text)


def check_output(text: str | None) -> None:
    if text is not None and len(text) > LONGEST_OUTPUT:
        sentence = f"Only {LONGEST_OUTPUT} characters are allowed; {len(text)} were supplied."
        raise Refusal(422, f"Invalid request.\n\n{sentence}")


def check_count(items: int, most: int) -> None:
    if items > most:
        raise Refusal(422, f"Invalid request.\n\nNo more than {most} items are allowed; {items} were supplied.")
