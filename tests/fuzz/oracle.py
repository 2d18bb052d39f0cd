"""Whether the answer to an odd request was written on purpose."""

from typing import Any

from holdfast.platform import errors
from tests.fuzz.oddities import Oddity
from tests.fuzz.wire import Reply

_CODES = {kind.code: int(kind.status) for kind in errors.CATALOGUE}
# The gateway's own answers, before any function is called.
_GATEWAY = frozenset({400, 404, 408, 413, 431, 501, 505})
# A body can be sent where none is described; it may get the same refusals.
_OF_BODIES = frozenset({400, 413, 415})


def fault(document: dict[str, Any], oddity: Oddity, reply: Reply) -> str | None:
    """What is wrong with a reply, or None.

    Args:
        document: the OpenAPI description.
    """
    if reply.status == 0:
        return "no answer"
    if reply.header("x-request-id") is None:
        return _fault_of_gateway(reply)
    if reply.status >= 500:
        return f"{reply.status} {reply.body[:300]!r}"
    method = oddity.sent.split(b" ", 1)[0].decode("latin-1").lower()
    if reply.status >= 400:
        problem = _fault_of_head(reply) if method == "head" else _fault_of_problem(reply)
        if problem is not None:
            return problem
    if method == "head":  # answered as GET would be, whose description covers both
        method = "get"
    described = document["paths"].get(oddity.route, {}).get(method)
    if described is None:  # almost a path, which led to a route all the same
        return None
    allowed = {int(status) for status in described["responses"]} | _OF_BODIES
    return None if reply.status in allowed else f"{reply.status} is not described: {reply.body!r}"


def _fault_of_gateway(reply: Reply) -> str | None:
    if reply.status in _GATEWAY:
        value = reply.value
        worded = isinstance(value, dict) and value.keys() == {"message"}
        # the answer to HEAD has no body
        return None if worded or not reply.body else f"{reply.status} without a message"
    if reply.status in (200, 204, 304):  # a page, the description, or a preflight
        return None
    return f"{reply.status} from the gateway: {reply.body[:300]!r}"


def _fault_of_head(reply: Reply) -> str | None:
    """The answer to HEAD has a problem's type, but no body to check."""
    if reply.header("content-type") != "application/problem+json":
        return f"{reply.status} is the head of no problem document: {reply.headers}"
    if reply.status not in _CODES.values():
        return f"{reply.status} belongs to no error"
    return None


def _fault_of_problem(reply: Reply) -> str | None:
    """RFC 9457, with a code of the catalogue that fits the status, and the request's id."""
    value = reply.value
    if reply.header("content-type") != "application/problem+json" or not isinstance(value, dict):
        return f"{reply.status} is no problem document: {reply.body[:300]!r}"
    if _CODES.get(value["code"]) != reply.status or value["status"] != reply.status:
        return f"{reply.status} says {value['status']} {value['code']}"
    if value["request_id"] != reply.header("x-request-id"):
        return "the request has two ids"
    if reply.status == 401 and reply.header("www-authenticate") is None:
        return "401 without WWW-Authenticate"
    return None
