"""Examples of requests and answers, made from the schemas and from the meaning of names.

A model that gains a field gains an example of it, so none can be forgotten; a unit test checks
every example against its schema. Special examples of one schema or one answer are in `_OF_SCHEMA`
and `_OF_ANSWER`.
"""

import uuid
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_SPACE = uuid.UUID("5b0a4c62-3f0e-4d6b-9f6a-2f4f3c1f7b11")

# What a member of that name looks like, wherever it is.
_NAMED: Mapping[str, Any] = {
    "amount": 4500,
    "checkout_url": "https://checkout.stripe.com/c/pay/cs_test_a1B2c3",
    "client_secret": "hss_" + "01a1" * 8 + "_" + "3f0e" * 16,
    "clock_skew_ms": 3,
    "closes": "17:00",
    "created": 1_895_000_000,
    "created_at": "2030-01-30T12:00:00Z",
    "currency": "EUR",
    "customer_name": "Grace Hopper",
    "date": "2030-01-31",
    "duration_minutes": 60,
    "email": "grace@example.com",
    "ends_at": "2030-01-31T10:00:00Z",
    "expires_at": "2030-01-30T12:31:00Z",
    "free_cancel_hours": 24,
    "free_cancel_until": "2030-01-30T09:00:00Z",
    "from": "2030-01-31T00:00:00Z",
    "from_date": "2030-12-24",
    "fresh_seconds": 600,
    "hold_expires_at": "2030-01-30T12:05:00Z",
    "horizon_days": 90,
    "name": "Ada Lovelace",
    "next_cursor": None,
    "notice_minutes": 120,
    "opens": "09:00",
    "package": "single",
    "phone": "+442079460018",
    "read_at": "2030-01-30T11:58:00Z",
    "remaining": 1,
    "schema_version": "0007_front_door",
    "starts_at": "2030-01-31T09:00:00Z",
    "step_minutes": 30,
    "tier": "standard",
    "timezone": "Europe/London",
    "to": "2030-02-07T00:00:00Z",
    "to_date": "2030-12-26",
    "updated_at": "2030-01-30T12:00:00Z",
    "url": "https://calendar.example/private-1f7b/basic.ics",
    "weekday": 1,
}
# Members that may be null, but have a value in examples.
_RATHER = frozenset(
    {
        *("closes", "duration_minutes", "ends_at", "free_cancel_until", "offering_id", "opens"),
        *("phone", "read_at", "resource_id", "starts_at"),
    }
)
_HELD = {
    "status": "held",
    "payment_status": "unpaid",
    "hold_expires_at": _NAMED["hold_expires_at"],
}
_OF_SCHEMA: Mapping[str, Json] = {
    "BlackoutChange": {"reason": "Holidays"},
    "Booking": {"status": "scheduled", "payment_status": "paid"},
    "Collision": {"customer_name": "Grace Hopper"},
    "Customer": {"name": "Grace Hopper"},
    "CustomerDetails": {"name": "Grace Hopper"},
    "HeldBooking": {**_HELD, "bookings": _HELD},
    "Offering": {"name": "Single lesson"},
    "OfferingChange": {"name": "Single lesson"},
    "OverrideChange": {"reason": "Short day"},
    "Pool": {"name": "Any tutor"},
    "PoolChange": {"name": "Any tutor"},
    "Place": {"position": 1},
}
# By operation and status: what differs from the schema's example.
_OF_ANSWER: Mapping[tuple[str, int], Json] = {
    ("beginCheckout", 200): {"booking": {"status": "paying", "payment_status": "unpaid"}},
    ("getConfirmation", 200): {"status": "confirmed"},
    ("releaseHold", 200): {"status": "expired", "payment_status": "unpaid"},
    ("releaseHold", 202): {"status": "paying", "payment_status": "unpaid"},
}
_OF_MEDIA: Mapping[str, Any] = {
    "application/json": {"openapi": "3.1.1", "info": {"title": "Holdfast"}, "paths": {}},
    "text/html": "<!doctype html>",
    "text/calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
}


class Examples:
    """Makes examples for the schemas of one document.

    Args:
        schemas: `components/schemas`.
    """

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self._schemas = schemas

    def answer(self, operation: str, status: int, schema: Json) -> Any:
        """What an operation answers with a status."""
        return _merged(self._value(schema), _OF_ANSWER.get((operation, status), {}))

    def request(self, schema: Json) -> Any:
        """What a request that changes something may send: one member of those that it may have."""
        resolved = self._resolved(schema)
        properties = resolved.get("properties", {})
        wanted = resolved.get("required") or [
            *({"name", "reason"} & properties.keys()),
            *properties,
        ]
        chosen = wanted if resolved.get("required") else wanted[:1]
        members = {name: self._member(name, properties[name], schema) for name in chosen}
        return _merged(members, _OF_SCHEMA.get(_name(schema), {}))

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            schema = self._schemas[_name(schema)]
        return schema

    def _value(self, schema: Json, name: str = "") -> Any:
        resolved = self._resolved(schema)
        if "properties" in resolved:
            required = resolved.get("required", [])
            members = {
                each: self._member(each, said, schema)
                for each, said in resolved["properties"].items()
                if each in required or (each in _RATHER and not resolved.get("minProperties"))
            }
            return _merged(members, _OF_SCHEMA.get(_name(schema), {}))
        return self._simple(resolved, name)

    def _member(self, name: str, schema: Json, owner: Json) -> Any:
        kinds = schema.get("anyOf", [schema])
        if {"type": "null"} in kinds and name not in _RATHER:
            return None
        kind = next(each for each in kinds if each != {"type": "null"})
        resolved = self._resolved(kind)
        if resolved.get("format") == "uuid":
            return _id(_name(owner) if name == "id" else name)
        if resolved.get("type") == "array":
            item = resolved["items"]
            if item.get("format") == "uuid":
                return [_id(name.removesuffix("s"))]
            return [self._value(item, name)]
        return self._value({**schema, **kind} if "anyOf" in schema else kind, name)

    def _simple(self, schema: Json, name: str) -> Any:
        for word in ("const", "default"):
            if schema.get(word) is not None:
                return schema[word]
        for word in ("examples", "enum"):
            if schema.get(word):
                return schema[word][0]
        if name in _NAMED and _fits(_NAMED[name], schema):
            return _NAMED[name]
        dated = {"date-time": _NAMED["starts_at"], "date": _NAMED["date"]}
        of_type = {
            "boolean": False,
            "integer": int(schema.get("minimum", 1)),
            "object": {},
            "string": dated.get(schema.get("format", ""), "text"),
        }
        return of_type.get(schema.get("type", ""))


def of_media(media: str) -> Any:
    """An answer that is not a model's JSON."""
    return _OF_MEDIA[media.partition(";")[0]]


def _name(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _id(noun: str) -> str:
    """The id of a thing is the same wherever it is named: as `id` of its own, or as `…_id`."""
    plain = noun.removesuffix("_id").replace("Held", "").replace("Answer", "").lower()
    return str(uuid.uuid5(_SPACE, plain))


def _fits(value: Any, schema: Json) -> bool:
    kinds = {"string": str, "integer": int, "boolean": bool}
    kind = kinds.get(schema.get("type", ""))
    length = {"date": 10, "date-time": 20}.get(schema.get("format", ""))
    return (
        kind is not None
        and isinstance(value, kind)
        and (length is None or len(str(value)) == length)
    )


def _merged(value: Any, other: Json) -> Any:
    """The value with some members otherwise; of a list, those of each of its items."""
    if isinstance(value, list):
        return [_merged(each, other) for each in value]
    if not isinstance(value, dict):
        return value
    changed = {
        name: _merged(value[name], each) if isinstance(each, dict) else each
        for name, each in other.items()
        if name in value
    }
    return {**value, **changed}
