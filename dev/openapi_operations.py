"""What the handlers' signatures cannot say of each operation: who may call it, what it refuses.

Which error a route can answer is a fact about its use case, its stored function and
`holdfast.http`; here it is written down once, for people and for `dev.openapi`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast import errors
from holdfast.errors import HoldfastError

Refusals = tuple[type[HoldfastError], ...]

# Any route may answer these.
ANYWHERE: Refusals = (errors.InternalError, errors.Unavailable)

_WITH_BODY: Refusals = (
    errors.MalformedRequest,
    errors.BodyTooLarge,
    errors.UnsupportedMediaType,
    errors.InvalidRequest,
    errors.PriceNotAccepted,
)
_WITH_KEY: Refusals = (
    errors.IdempotencyKeyMissing,
    errors.IdempotencyKeyReused,
    errors.RequestInProgress,
)

_CHANGED: Refusals = (errors.PreconditionRequired, errors.StaleVersion)

# Who may call: either of the alternatives, each of which is all of its schemes.
OPEN: list[dict[str, list[str]]] = []
ANY_KEY: list[dict[str, list[str]]] = [{"publishableKey": []}, {"secretKey": []}]
BOOKING: list[dict[str, list[str]]] = [
    {"publishableKey": [], "bookingSecret": []},
    {"secretKey": []},
]
SECRET_KEY: list[dict[str, list[str]]] = [{"secretKey": []}]

TAGS = {
    "Availability": "What can be booked, and when it is free.",
    "Checkout": "Hold a time, take the customer to the payment page, see what came of it.",
    "Bookings": "Read bookings.",
    "Calendars": "Calendars kept elsewhere that take time, and bookings as a calendar.",
    "Waitlist": "Wait for a time that is taken.",
    "Catalogue": "Say what can be booked, when, and at which price.",
    "System": "Whether it works, and this description.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One route, beyond what its handler declares.

    Attributes:
        answers: success statuses and what they mean; each but 304 carries the handler's model.
        refusals: errors beside those of ANYWHERE; Unauthenticated is added where a key is needed.
        takes: names of `components/parameters`: headers that the handler reads by hand.
        gives: names of `components/headers` on a success.
        media: type of the answer's body when it is not a model's JSON.
    """

    id: str
    tag: str
    description: str
    access: list[dict[str, list[str]]]
    answers: Mapping[int, str]
    refusals: Refusals = ()
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    media: str | None = None
    example: Mapping[str, Any] = field(default_factory=dict)


# In the order in which a booking meets them; the documentation keeps it.
OPERATIONS: Mapping[str, Operation] = {
    "GET /v1/resources": Operation(
        "listResources",
        "Availability",
        "A page of the tenant's resources with their offerings and prices.",
        ANY_KEY,
        {200: "The resources."},
        (errors.InvalidRequest,),
    ),
    "GET /v1/resources/{resource_id}/slots": Operation(
        "listSlots",
        "Availability",
        "The periods that can be held now: inside opening hours, on the resource's grid, within"
        " notice and horizon, outside blackouts and calendars kept elsewhere, and free, buffers"
        " included. At most 62 days and 2,000 slots at once. tz only adds the same instants by"
        " that zone's clocks. A listed slot is not reserved: createHold decides.",
        ANY_KEY,
        {200: "The free periods.", 304: "Nothing has changed since the answer with that ETag."},
        (errors.NotFound, errors.InvalidRequest, errors.PeriodInvalid),
        takes=("IfNoneMatch",),
        gives=("ETag",),
    ),
    "GET /v1/pools/{pool_id}/slots": Operation(
        "listPoolSlots",
        "Availability",
        "The periods that at least one resource of the pool has free, each with the number of such"
        " resources and of all their places. A listed slot is not reserved, and which resource"
        " takes it is decided by createHold.",
        ANY_KEY,
        {200: "The free periods.", 304: "Nothing has changed since the answer with that ETag."},
        (errors.NotFound, errors.InvalidRequest, errors.PeriodInvalid),
        takes=("IfNoneMatch",),
        gives=("ETag",),
    ),
    "GET /v1/resources/{resource_id}/slots/explain": Operation(
        "explainSlot",
        "Availability",
        "Whether a period could be held now, and every rule that refuses it, in a fixed order:"
        " wrong_mode, by_request, past, notice, horizon, closed, off_grid, blackout, external_busy,"
        " taken, buffer, capacity, daily_limit, customer_limit. taken and buffer name the bookings"
        " in the way, the first hundred of each. Give starts_at or date, as for a hold; with"
        " customer_email that customer's limit is asked for too.",
        SECRET_KEY,
        {200: "The explanation."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "POST /v1/holds": Operation(
        "createHold",
        "Checkout",
        "Reserves a time, by default for five minutes, at the price of the catalogue, which is"
        " frozen with it. Give starts_at for a resource that is booked by slot, date for one that"
        " is booked by date; pool_id instead of resource_id takes any resource of a pool. Several"
        " periods, or a weekly series, are held all or none: the answer is the first booking,"
        " through which all are paid or released, with all of them in bookings. The answer's"
        " client_secret opens these bookings to a publishable key; it is not told again except to"
        " a repeat of the same request.",
        ANY_KEY,
        {201: "The time is held."},
        (
            *(*_WITH_BODY, *_WITH_KEY),
            *(errors.NotFound, errors.SlotTaken, errors.NotOffered, errors.NotPriced),
            *(errors.CartInvalid, errors.TooManyHolds),
            *(errors.CalendarStale, errors.CalendarUnreachable),
        ),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={
            "resource_id": "5b0a4c62-3f0e-4d6b-9f6a-2f4f3c1f7b11",
            "offering_id": "0d7b6a5e-8f43-4f0c-8a86-54d19f0f5c22",
            "starts_at": "2030-01-31T09:00:00Z",
            "customer": {"name": "Grace Hopper", "email": "grace@example.com"},
        },
    ),
    "DELETE /v1/holds/{hold_id}": Operation(
        "releaseHold",
        "Checkout",
        "Gives a time back before it is paid. An open payment page is closed at Stripe first, and"
        " the time is free once Stripe says that it can no longer be paid. Releasing twice is"
        " releasing once.",
        BOOKING,
        {
            200: "The time is free.",
            202: "The payment page could not be closed yet; it will be, and then the time is free.",
        },
        (
            *(errors.NotFound, errors.IllegalState, errors.AlreadyPaid),
            *(errors.StaleVersion, errors.InvalidRequest),
        ),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "POST /v1/bookings/{booking_id}/checkout": Operation(
        "beginCheckout",
        "Checkout",
        "Answers the address of the payment page. The time is then kept until a little after the"
        " page's expiry. Asked again with the same return addresses, it answers the same page;"
        " with others, the old page is closed before a new one is made: a booking never has two"
        " payable pages. {CHECKOUT_SESSION_ID} in success_url is replaced by Stripe.",
        BOOKING,
        {200: "Send the customer's browser to checkout_url."},
        (
            *(*_WITH_BODY, *_WITH_KEY),
            *(errors.NotFound, errors.IllegalState, errors.HoldExpired),
            *(errors.StaleVersion, errors.CheckoutRefused),
        ),
        takes=("IdempotencyKey", "IfMatch"),
        gives=("ETag",),
        example={
            "success_url": "https://studio.example/thanks",
            "cancel_url": "https://studio.example/book",
        },
    ),
    "POST /v1/bookings/{booking_id}/reschedule": Operation(
        "reschedule",
        "Bookings",
        "Moves a booking to another time, at the catalogue's price of today for its tier and"
        " package. What costs no more is moved at once, and the difference goes back. What costs"
        " more keeps both times for some minutes: pay the difference with beginCheckout, and the"
        " booking moves when that is paid; until then, and if it never is, it stays where it was."
        " A difference of less than 50 minor units is waived. A hold is moved with its new price,"
        " and keeps its deadline. The time until which it can be cancelled free of charge does not"
        " move.",
        BOOKING,
        {
            200: "The booking has its new time.",
            202: "The new time is kept; the move waits for the payment of the difference.",
        },
        (
            *(*_WITH_BODY, *_WITH_KEY),
            *(errors.NotFound, errors.SlotTaken, errors.NotOffered, errors.NotPriced),
            *(errors.IllegalState, errors.HoldExpired, errors.StaleVersion),
            errors.CalendarStale,
            errors.CalendarUnreachable,
        ),
        takes=("IdempotencyKey", "IfMatch"),
        gives=("ETag",),
        example={"starts_at": "2030-02-01T09:00:00Z"},
    ),
    "DELETE /v1/bookings/{booking_id}/reschedule": Operation(
        "giveUpReschedule",
        "Bookings",
        "Gives up a move that waits for its payment; the booking stays where it is. An open payment"
        " page is closed at Stripe first. Giving up twice is giving up once.",
        BOOKING,
        {
            200: "The move is given up, and its time is free.",
            202: "The payment page could not be closed yet; it will be.",
        },
        (
            *(errors.NotFound, errors.IllegalState, errors.AlreadyPaid),
            *(errors.StaleVersion, errors.InvalidRequest),
        ),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "GET /v1/bookings/{booking_id}/confirmation": Operation(
        "getConfirmation",
        "Checkout",
        "For the page the customer comes back to. While a payment is in the balance (processing)"
        " Stripe is asked, so the answer is true whether or not the webhook has come; ask again"
        " until it is something else.",
        BOOKING,
        {200: "How the booking stands."},
        (errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "GET /v1/bookings/{booking_id}": Operation(
        "getBooking",
        "Bookings",
        "One booking. Its version is the ETag, for If-Match.",
        BOOKING,
        {200: "The booking."},
        (errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "GET /v1/bookings": Operation(
        "listBookings",
        "Bookings",
        "A page of the tenant's bookings that start in [from, to), in order of their start.",
        SECRET_KEY,
        {200: "The bookings."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
    "POST /v1/catalogue/resources/{resource_id}/calendars": Operation(
        "addCalendar",
        "Calendars",
        "Has a calendar read that is kept elsewhere: its events are times in which the resource"
        " cannot be booked. It is read every five minutes, and before a hold if that was longer ago"
        " than fresh_seconds. If it cannot be read then, the resource's calendar_policy decides:"
        " refuse answers 503, accept books and says calendar_unchecked. Only feeds at public https"
        " addresses are read, at most 2 MiB, without following redirects.",
        SECRET_KEY,
        {201: "The calendar is read from now on."},
        (*_WITH_BODY, *_WITH_KEY, errors.Forbidden, errors.NotFound, errors.IllegalState),
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
        "Gives out the resource's bookings as an iCalendar feed. The answer's url is told only here"
        " and to a repeat of the same request; whoever has it reads the calendar.",
        SECRET_KEY,
        {201: "The feed can be read."},
        (*_WITH_KEY, errors.Forbidden, errors.NotFound, errors.InvalidRequest),
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
        (errors.NotFound,),
        takes=("IfNoneMatch",),
        gives=("ETag",),
        media="text/calendar",
    ),
    "POST /v1/waitlist": Operation(
        "joinWaitlist",
        "Waitlist",
        "Waits for a time that is taken: starts_at for one slot, date for any slot of that local"
        " day (or for the date itself, where whole dates are booked). When the time is given back it is"
        " held for whoever has waited longest, who is told by e-mail and has an hour, unless the"
        " tenant says otherwise, to pay. The answer's client_secret opens the place and the booking"
        " that it is offered.",
        ANY_KEY,
        {201: "The place in the waitlist."},
        (
            *(*_WITH_BODY, *_WITH_KEY),
            *(errors.NotFound, errors.NotOffered, errors.NotPriced),
            *(errors.TimeIsFree, errors.AlreadyWaiting, errors.TooManyHolds),
        ),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={
            "resource_id": "5b0a4c62-3f0e-4d6b-9f6a-2f4f3c1f7b11",
            "offering_id": "0d7b6a5e-8f43-4f0c-8a86-54d19f0f5c22",
            "starts_at": "2030-01-31T09:00:00Z",
            "customer": {"name": "Grace Hopper", "email": "grace@example.com"},
        },
    ),
    "GET /v1/waitlist/{place_id}": Operation(
        "getWaiting",
        "Waitlist",
        "One place in the waitlist. Once it is offered a time, offer is the booking to pay for.",
        BOOKING,
        {200: "The place."},
        (errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "DELETE /v1/waitlist/{place_id}": Operation(
        "leaveWaitlist",
        "Waitlist",
        "Waits no longer. A time that was offered goes to the next in line. Leaving twice is"
        " leaving once.",
        BOOKING,
        {200: "The place was left."},
        (errors.NotFound, errors.IllegalState, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "GET /v1/waitlist": Operation(
        "listWaitlist",
        "Waitlist",
        "A page of the tenant's places in the waitlist, the oldest first.",
        SECRET_KEY,
        {200: "The places."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
    "POST /v1/catalogue/resources": Operation(
        "createResource",
        "Catalogue",
        "Adds a resource. It can be booked once it has hours, and offerings with prices.",
        SECRET_KEY,
        {201: "It is there."},
        (*_WITH_BODY, *_WITH_KEY, errors.Forbidden, errors.NotFound),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"name": "Ada Lovelace", "timezone": "Europe/London"},
    ),
    "GET /v1/catalogue/resources": Operation(
        "listCatalogueResources",
        "Catalogue",
        "A page of resources, in the order in which they were made: those that are "
        "archived, or (by default) the others.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
    "GET /v1/catalogue/resources/{resource_id}": Operation(
        "getResource",
        "Catalogue",
        "One of them, archived or not. Its version is the ETag, for If-Match.",
        SECRET_KEY,
        {200: "It."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "PATCH /v1/catalogue/resources/{resource_id}": Operation(
        "changeResource",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on; those that "
        "there are keep time, price and buffers. If-Match is required. A list is replaced "
        "as a whole.",
        SECRET_KEY,
        {200: "As it is now."},
        (*_WITH_BODY, errors.Forbidden, errors.NotFound, errors.Archived, *_CHANGED, errors.InUse),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}": Operation(
        "archiveResource",
        "Catalogue",
        "Takes it out of every public view at once; nobody can book it any more. Bookings "
        "of it stay and keep its name. Archiving twice is archiving once.",
        SECRET_KEY,
        {200: "It is archived."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "POST /v1/catalogue/offerings": Operation(
        "createOffering",
        "Catalogue",
        "Adds an offering with its prices. A resource has it once its offering_ids name it.",
        SECRET_KEY,
        {201: "It is there."},
        (*_WITH_BODY, *_WITH_KEY, errors.Forbidden, errors.NotFound),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={
            "name": "Single lesson",
            "duration_minutes": 60,
            "prices": [
                {"tier": "standard", "package": "single", "amount": 4500, "currency": "EUR"}
            ],
        },
    ),
    "GET /v1/catalogue/offerings": Operation(
        "listOfferings",
        "Catalogue",
        "A page of offerings, in the order in which they were made: those that are "
        "archived, or (by default) the others.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
    "GET /v1/catalogue/offerings/{offering_id}": Operation(
        "getOffering",
        "Catalogue",
        "One of them, archived or not. Its version is the ETag, for If-Match.",
        SECRET_KEY,
        {200: "It."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "PATCH /v1/catalogue/offerings/{offering_id}": Operation(
        "changeOffering",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on; those that "
        "there are keep time, price and buffers. If-Match is required. A list is replaced "
        "as a whole.",
        SECRET_KEY,
        {200: "As it is now."},
        (*_WITH_BODY, errors.Forbidden, errors.NotFound, errors.Archived, *_CHANGED),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/offerings/{offering_id}": Operation(
        "archiveOffering",
        "Catalogue",
        "Takes it out of every public view at once; nobody can book it any more. Bookings "
        "of it stay and keep its name. Archiving twice is archiving once.",
        SECRET_KEY,
        {200: "It is archived."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "POST /v1/catalogue/pools": Operation(
        "createPool",
        "Catalogue",
        "Adds a pool: a hold in it gets any of its resources.",
        SECRET_KEY,
        {201: "It is there."},
        (*_WITH_BODY, *_WITH_KEY, errors.Forbidden, errors.NotFound),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"name": "Any tutor", "resource_ids": []},
    ),
    "GET /v1/catalogue/pools": Operation(
        "listPools",
        "Catalogue",
        "A page of pools, in the order in which they were made: those that are archived, "
        "or (by default) the others.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.InvalidRequest),
    ),
    "GET /v1/catalogue/pools/{pool_id}": Operation(
        "getPool",
        "Catalogue",
        "One of them, archived or not. Its version is the ETag, for If-Match.",
        SECRET_KEY,
        {200: "It."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
        gives=("ETag",),
    ),
    "PATCH /v1/catalogue/pools/{pool_id}": Operation(
        "changePool",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on; those that "
        "there are keep time, price and buffers. If-Match is required. A list is replaced "
        "as a whole.",
        SECRET_KEY,
        {200: "As it is now."},
        (*_WITH_BODY, errors.Forbidden, errors.NotFound, errors.Archived, *_CHANGED),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/pools/{pool_id}": Operation(
        "archivePool",
        "Catalogue",
        "Nobody can book in the pool any more; its resources stay as they are. Archiving "
        "twice is archiving once.",
        SECRET_KEY,
        {200: "It is archived."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "POST /v1/catalogue/resources/{resource_id}/hours": Operation(
        "createHours",
        "Catalogue",
        "Adds a weekly window by the clocks of the resource's zone. One that closes at or "
        "before its opening ends on the next day. Windows of a season (valid_from to "
        "valid_until, both included) may not overlap; the refusal names the one in the "
        "way.",
        SECRET_KEY,
        {201: "It is in force."},
        (*_WITH_BODY, *_WITH_KEY, errors.Forbidden, errors.NotFound, errors.WindowOverlaps),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"weekday": 1, "opens": "09:00", "closes": "17:00"},
    ),
    "GET /v1/catalogue/resources/{resource_id}/hours": Operation(
        "listHours",
        "Catalogue",
        "A page of them, in the order in which they were made.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "PATCH /v1/catalogue/resources/{resource_id}/hours/{hours_id}": Operation(
        "changeHours",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on. If-Match is "
        "required.",
        SECRET_KEY,
        {200: "As it is now."},
        (*_WITH_BODY, errors.Forbidden, errors.NotFound, *_CHANGED, errors.WindowOverlaps),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}/hours/{hours_id}": Operation(
        "deleteHours",
        "Catalogue",
        "Deletes it. Bookings that there are stay.",
        SECRET_KEY,
        {204: "It rules nothing any more."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
    ),
    "POST /v1/catalogue/resources/{resource_id}/overrides": Operation(
        "createOverride",
        "Catalogue",
        "Replaces the weekly windows that begin on one local day: with other hours, or "
        "without opens and closes by none.",
        SECRET_KEY,
        {201: "It is in force."},
        (*_WITH_BODY, *_WITH_KEY, errors.Forbidden, errors.NotFound, errors.WindowOverlaps),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"date": "2030-12-24", "opens": "09:00", "closes": "13:00"},
    ),
    "GET /v1/catalogue/resources/{resource_id}/overrides": Operation(
        "listOverrides",
        "Catalogue",
        "A page of them, in the order in which they were made.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "PATCH /v1/catalogue/resources/{resource_id}/overrides/{override_id}": Operation(
        "changeOverride",
        "Catalogue",
        "Changes what the body names, for bookings that are made from now on. If-Match is "
        "required.",
        SECRET_KEY,
        {200: "As it is now."},
        (*_WITH_BODY, errors.Forbidden, errors.NotFound, *_CHANGED, errors.WindowOverlaps),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}/overrides/{override_id}": Operation(
        "deleteOverride",
        "Catalogue",
        "Deletes it. Bookings that there are stay.",
        SECRET_KEY,
        {204: "It rules nothing any more."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
    ),
    "POST /v1/catalogue/resources/{resource_id}/blackouts": Operation(
        "createBlackout",
        "Catalogue",
        "Closes a resource for new bookings: between two instants, or for whole local "
        "dates. The answer lists the live bookings that have time in it, buffers "
        "included, and what can be done about each: nothing is cancelled by itself.",
        SECRET_KEY,
        {201: "It is in force."},
        (*_WITH_BODY, *_WITH_KEY, errors.Forbidden, errors.NotFound),
        takes=("IdempotencyKey",),
        gives=("ETag",),
        example={"from_date": "2030-12-24", "to_date": "2030-12-26", "reason": "Holidays"},
    ),
    "GET /v1/catalogue/resources/{resource_id}/blackouts": Operation(
        "listBlackouts",
        "Catalogue",
        "A page of them, in the order in which they were made.",
        SECRET_KEY,
        {200: "A page."},
        (errors.Forbidden, errors.NotFound, errors.InvalidRequest),
    ),
    "PATCH /v1/catalogue/resources/{resource_id}/blackouts/{blackout_id}": Operation(
        "changeBlackout",
        "Catalogue",
        "Changes what the body names; a period is given whole. The answer lists the live "
        "bookings that have time in it, buffers included, and what can be done about "
        "each: nothing is cancelled by itself. If-Match is required.",
        SECRET_KEY,
        {200: "As it is now."},
        (*_WITH_BODY, errors.Forbidden, errors.NotFound, *_CHANGED),
        takes=("IfMatch",),
        gives=("ETag",),
    ),
    "DELETE /v1/catalogue/resources/{resource_id}/blackouts/{blackout_id}": Operation(
        "deleteBlackout",
        "Catalogue",
        "Deletes it. Bookings that there are stay.",
        SECRET_KEY,
        {204: "It rules nothing any more."},
        (errors.Forbidden, errors.NotFound, errors.StaleVersion, errors.InvalidRequest),
        takes=("IfMatch",),
    ),
    "GET /health": Operation(
        "getHealth",
        "System",
        "Asks the database for its clock and the version of its schema.",
        OPEN,
        {200: "It works."},
    ),
    "GET /openapi.json": Operation(
        "getSpecification",
        "System",
        "This description.",
        OPEN,
        {200: "An OpenAPI 3.1 document."},
        media="application/json",
    ),
    "GET /docs": Operation(
        "getDocs",
        "System",
        "This description as a page for people.",
        OPEN,
        {200: "A page."},
        media="text/html",
    ),
}

# Parameters that mean the same wherever they stand.
PARAMETERS = {
    "archived": "Only archived ones; else only others.",
    "blackout_id": "The blackout's id.",
    "booking_id": "The booking's id.",
    "calendar_id": "The calendar's id.",
    "cursor": "next_cursor of the page before.",
    "customer_email": "Also ask about the limit of the customer with this address.",
    "date": "Local date of a resource that is booked by date.",
    "feed_id": "The feed's id.",
    "file": "The last part of the secret address.",
    "from": "Earliest start, RFC 3339 with an offset.",
    "hold_id": "Id of the held booking.",
    "hours_id": "The window's id.",
    "limit": "At most so many on a page.",
    "offering_id": "May be left out when the resource has only one.",
    "place_id": "Id of the place in the waitlist.",
    "override_id": "The override's id.",
    "pool_id": "The pool's id.",
    "resource_id": "The resource's id.",
    "starts_at": "RFC 3339 start of a slot.",
    "state": "Only places in this state.",
    "status": "Only bookings in this status.",
    "to": "Starts before this instant, RFC 3339 with an offset.",
    "tz": "IANA zone in whose local time the slots are told too.",
}

# What an error carries beyond the common members, as its examples show it.
EXTRAS: Mapping[type[HoldfastError], Mapping[str, Any]] = {
    errors.SlotTaken: {
        "alternatives": [
            {
                "starts_at": "2030-01-31T10:00:00Z",
                "ends_at": "2030-01-31T11:00:00Z",
                "date": None,
                "remaining": 1,
            }
        ]
    },
    errors.TimeIsFree: {
        "alternatives": [
            {
                "starts_at": "2030-01-31T09:00:00Z",
                "ends_at": "2030-01-31T10:00:00Z",
                "date": None,
                "remaining": 1,
            }
        ]
    },
    errors.WindowOverlaps: {
        "window": {
            "id": "5b0a4c62-3f0e-4d6b-9f6a-2f4f3c1f7b11",
            "resource_id": "0d7b6a5e-8f43-4f0c-8a86-54d19f0f5c22",
            "weekday": 1,
            "opens": "09:00",
            "closes": "17:00",
            "valid_from": None,
            "valid_until": None,
            "version": 1,
        }
    },
    errors.NotOffered: {"reason": "closed"},
    errors.InvalidRequest: {
        "errors": [{"field": "customer.email", "message": "value is not a valid email address"}]
    },
}
