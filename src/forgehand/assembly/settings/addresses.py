"""What an address of the web must be. Used by the groups of settings that hold one."""

from urllib.parse import urlsplit


def web_address(url: str) -> str:
    """The address as it was given. Raises ValueError, which does not repeat it: it may hold a password."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise ValueError("it must start with http:// or https:// and name a host")
    return url
