"""What every answer over HTTP has; and how HEAD is answered.

Source: ASVS 5.0, 3.4.1 and 3.4.4; RFC 6797; the Fetch standard, X-Content-Type-Options; RFC 9110,
9.3.2.
"""

from collections.abc import Mapping
from typing import Any

# Two years: an API has no pages that could be reached without TLS. The domain is its own or AWS's,
# so subdomains are not included.
HEADERS: Mapping[str, str] = {
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
}


def secured(answer: dict[str, Any]) -> dict[str, Any]:
    """A Lambda response with the headers that every answer has."""
    answer["headers"] = {**(answer.get("headers") or {}), **HEADERS}
    return answer


def as_get(event: dict[str, Any]) -> dict[str, Any]:
    """The event of a HEAD request as that of the GET request it stands for; others as they are."""
    if not asks_for_head(event):
        return event
    context = event["requestContext"]
    return {
        **event,
        "routeKey": event["routeKey"].replace("HEAD ", "GET ", 1),
        "requestContext": {**context, "http": {**context["http"], "method": "GET"}},
    }


def asks_for_head(event: Mapping[str, Any]) -> bool:
    """Whether only the head of the answer is wanted."""
    return bool(event["requestContext"]["http"]["method"] == "HEAD")


def without_body(answer: dict[str, Any]) -> dict[str, Any]:
    """The head of an answer."""
    return {**answer, "body": "", "isBase64Encoded": False}
