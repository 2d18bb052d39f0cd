"""External calendars, and feeds of our bookings."""

from collections.abc import Mapping

from dev.generators.openapi_operations.operation import (
    OPEN,
    SECRET_KEY,
    WITH_BODY,
    WITH_KEY,
    Operation,
)
from holdfast.platform import errors

OPERATIONS: Mapping[str, Operation] = {
    "POST /v1/catalogue/resources/{resource_id}/calendars": Operation(
        "addCalendar",
        "Calendars",
        "Adds an external calendar to read: its events are times in which the resource"
        " cannot be booked. It is read every five minutes, and before a hold if that was longer ago"
        " than fresh_seconds. If it cannot be read then, the resource's calendar_policy decides:"
        " refuse answers 503, accept books and says calendar_unchecked. Only feeds at public https"
        " addresses are read, at most 2 MiB, without following redirects.",
        SECRET_KEY,
        {201: "The calendar is read from now on."},
        (*WITH_BODY, *WITH_KEY, errors.Forbidden, errors.NotFound, errors.IllegalState),
        takes=("IdempotencyKey",),
        example={
            "name": "Private calendar",
            "url": "https://calendar.example/private-1f7b/basic.ics",
        },
    ),
    "GET /v1/catalogue/resources/{resource_id}/calendars": Operation(
        "listCalendars",
        "Calendars",
        "The calendars that are read for a resource: when that last worked, and why it did not.",
        SECRET_KEY,
        {200: "The calendars."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}/calendars/{calendar_id}": Operation(
        "removeCalendar",
        "Calendars",
        "Reads a calendar no longer. What it kept busy is free.",
        SECRET_KEY,
        {204: "It is read no longer."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "POST /v1/catalogue/resources/{resource_id}/calendar-feeds": Operation(
        "giveOutFeed",
        "Calendars",
        "Gives out the resource's bookings as an iCalendar feed. Its url is shown only here"
        " and to a repeat of the same request; its holder can read the calendar.",
        SECRET_KEY,
        {201: "The feed can be read."},
        (*WITH_KEY, errors.Forbidden, errors.NotFound, errors.InvalidRequest),
        takes=("IdempotencyKey",),
    ),
    "GET /v1/catalogue/resources/{resource_id}/calendar-feeds": Operation(
        "listFeeds",
        "Calendars",
        "The feeds that are given out of a resource, revoked ones included, without addresses.",
        SECRET_KEY,
        {200: "The feeds."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}/calendar-feeds/{feed_id}": Operation(
        "revokeFeed",
        "Calendars",
        "Makes a feed's address open nothing. Revoking twice is revoking once.",
        SECRET_KEY,
        {200: "The feed is revoked."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "GET /v1/calendar-feeds/{file}": Operation(
        "readFeed",
        "Calendars",
        "A resource's bookings, from 30 days ago on, as text/calendar. The address is the secret,"
        " no key is needed. Each booking is an event with its offering and the customer's name.",
        OPEN,
        {200: "The calendar.", 304: "Nothing has changed since the answer with that ETag."},
        (errors.NotFound, errors.TenantMoving),
        takes=("IfNoneMatch",),
        gives=("ETag",),
        media="text/calendar",
    ),
}
