"""Web addresses that callers hand in."""

from urllib.parse import urlsplit

from dev.stripe_double.messages import invalid

MAX_URL = 5_000
_HOST = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]@%")


def web_address(text: str, param: str) -> str:
    """Answer an http(s) address that is safe to redirect to and to name in a header.

    Test mode takes plain http too. Raises ApiError `url_invalid` for anything else; a host with
    quotes or semicolons could otherwise write parts of the page's Content-Security-Policy.
    """
    if len(text) > MAX_URL:
        raise invalid(f"Invalid string: must be at most {MAX_URL} characters", param)
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise invalid("Not a valid URL", param, "url_invalid") from None
    clean = text.isprintable() and not any(mark in text for mark in ' <>"\\')
    if parts.scheme not in ("http", "https") or not host or not clean or set(parts.netloc) - _HOST:
        raise invalid("Not a valid URL", param, "url_invalid")
    return text
