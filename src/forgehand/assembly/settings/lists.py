"""Lists in one variable. Used by the groups of settings, and by whatever reads such a list."""


def split(text: str) -> tuple[str, ...]:
    """The parts of a list that is separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
