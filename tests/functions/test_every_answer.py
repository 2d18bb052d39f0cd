"""What every answer has, whatever the route and the result; and HEAD."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.harness.system.in_process import System, the_template
from tests.harness.system.setup import raw_event

NOWHERE = "00000000-0000-7000-8000-000000000000"
ROUTES = sorted((route.method, route.path) for route in the_template().routes)
READS = [path for method, path in ROUTES if method == "GET"]
HEADERS = {
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
}


def _path(shared_system: System, pattern: str, method: str = "GET") -> str:
    """With existing ids, unless the request would change them for the tests that follow."""
    resource_id = NOWHERE if method in {"DELETE", "PATCH", "PUT"} else shared_system.resource["id"]
    filled = pattern.replace("{resource_id}", resource_id).replace("{file}", "x.ics")
    while "{" in filled:
        filled = filled[: filled.index("{")] + NOWHERE + filled[filled.index("}") + 1 :]
    return filled


def _has_all(headers: Mapping[str, str]) -> bool:
    return HEADERS.items() <= headers.items()


@pytest.mark.parametrize("key", [None, "publishable", "secret", "pk_test_" + "x" * 24])
@pytest.mark.parametrize(("method", "pattern"), ROUTES)
def test_every_answer_is_for_tls_and_is_what_it_says(
    shared_system: System, method: str, pattern: str, key: str | None
) -> None:
    """HSTS and nosniff on every answer of every route: success, refused, without a key, not found.

    Proves: ASVS 3.2.1, 3.4.1, 3.4.4, API8:2023
    """
    path = _path(shared_system, pattern, method)
    answers = [shared_system.request(method, path, key=key)]
    if method in {"POST", "PATCH"}:
        answers += [
            shared_system.request(method, path, {}, key=key),
            shared_system.request(
                method, path, b"<x/>", key=key, headers={"content-type": "text/xml"}
            ),
            shared_system.request(method, path, b"x" * 70_000, key=key),
            shared_system.request(
                method, path, b"{", key=key, headers={"content-type": "application/json"}
            ),
        ]

    assert [answer for answer in answers if not _has_all(answer.headers)] == []


def test_what_has_not_changed_has_them_too(shared_system: System) -> None:
    """304 and an unavailable database have them too."""
    offering = shared_system.resource["offerings"][0]["id"]
    path = f"/v1/resources/{shared_system.resource['id']}/slots?offering_id={offering}"
    tag = shared_system.request("GET", path).headers["etag"]
    unchanged = shared_system.request("GET", path, headers={"if-none-match": tag})
    shared_system.database_at("postgresql://holdfast@127.0.0.1:1/none")
    try:
        unavailable = shared_system.request("GET", "/health")
    finally:
        shared_system.database_at(None)

    assert (unchanged.status, unavailable.status) == (304, 503)
    assert _has_all(unchanged.headers)
    assert _has_all(unavailable.headers)


def test_the_webhook_has_them(system: System) -> None:
    """Settled, not from Stripe, and too large.

    Proves: ASVS 3.4.1, 3.4.4
    """
    _, session = system.checkout()
    system.pay(session)
    answers = [
        system.post_event(raw_event(system, "checkout.session.completed")),
        system.post_webhook(b"{}", {"stripe-signature": "t=1,v1=0"}),
        system.post_webhook(b"x" * 200_000, {"stripe-signature": "t=1,v1=0"}),
        system.post_event(json.dumps({"id": "evt_x"}).encode()),
    ]

    assert [answer.status for answer in answers] == [200, 400, 413, 400]
    assert [answer for answer in answers if not _has_all(answer.headers)] == []


def test_head_is_where_get_is() -> None:
    """Every path with GET has HEAD, and no other."""
    assert [path for method, path in ROUTES if method == "HEAD"] == READS


@pytest.mark.parametrize("key", [None, "publishable", "secret"])
@pytest.mark.parametrize("pattern", READS)
def test_head_answers_as_get_without_the_body(
    shared_system: System, pattern: str, key: str | None
) -> None:
    """The same status, the same headers, and no body."""
    path = _path(shared_system, pattern)
    whole, head = (
        shared_system.request("GET", path, key=key),
        shared_system.request("HEAD", path, key=key),
    )

    assert head.status == whole.status
    assert not head.body
    assert _steady(head.headers) == _steady(whole.headers)


def _steady(headers: Mapping[str, str]) -> dict[str, Any]:
    return {n: v for n, v in headers.items() if n not in {"x-request-id", "ratelimit", "etag"}}
