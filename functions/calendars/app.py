"""Calendars of a resource: external ones that are read, and feeds of its bookings."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.calendars import manage
from holdfast.calendars.models import (
    Calendar,
    CalendarFeed,
    CalendarFeedList,
    CalendarList,
    CalendarRequest,
    NewCalendarFeed,
)
from holdfast.platform.observability import instrument

_FRESH_SECONDS = 60

app = http.resolver()


@app.post("/v1/catalogue/resources/<resource_id>/calendars", summary="Add an external calendar")
def add_calendar(resource_id: UUID, request: CalendarRequest) -> Response[Calendar]:
    """Answer 201 with the calendar; it is read by the next sweep, or before the next hold."""
    calendar = manage.add(
        http.actor(app), resource_id, request, http.idempotency_key(app), app.lambda_context
    )
    return http.answer(calendar, HTTPStatus.CREATED)


@app.get("/v1/catalogue/resources/<resource_id>/calendars", summary="List external calendars")
def list_calendars(resource_id: UUID) -> Response[CalendarList]:
    """Answer the calendars, and how reading them went."""
    return http.answer(manage.list_all(http.actor(app), resource_id))


@app.delete(
    "/v1/catalogue/resources/<resource_id>/calendars/<calendar_id>",
    summary="Remove an external calendar",
)
def remove_calendar(resource_id: UUID, calendar_id: UUID) -> Response[None]:
    """Answer 204; the times it blocked are free."""
    manage.remove(http.actor(app), resource_id, calendar_id)
    return http.nothing()


@app.post("/v1/catalogue/resources/<resource_id>/calendar-feeds", summary="Create a calendar feed")
def give_out_feed(resource_id: UUID) -> Response[NewCalendarFeed]:
    """Answer 201 with the feed and its secret address, which is shown only here."""
    feed = manage.give_out(
        http.actor(app),
        resource_id,
        http.idempotency_key(app),
        http.origin(app),
        app.lambda_context,
    )
    return http.answer(feed, HTTPStatus.CREATED)


@app.get("/v1/catalogue/resources/<resource_id>/calendar-feeds", summary="List calendar feeds")
def list_feeds(resource_id: UUID) -> Response[CalendarFeedList]:
    """Answer the feeds without their addresses."""
    return http.answer(manage.list_given_out(http.actor(app), resource_id))


@app.delete(
    "/v1/catalogue/resources/<resource_id>/calendar-feeds/<feed_id>",
    summary="Revoke a calendar feed",
)
def revoke_feed(resource_id: UUID, feed_id: UUID) -> Response[CalendarFeed]:
    """Answer the feed; its address is no longer valid."""
    return http.answer(manage.revoke(http.actor(app), resource_id, feed_id))


@app.get("/v1/calendar-feeds/<file>", summary="Read a calendar feed")
def read_feed(file: str) -> Response[str]:
    """Answer text/calendar to the holder of the address."""
    return http.cached(app, manage.feed_text(file), _FRESH_SECONDS, "text/calendar; charset=utf-8")


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
