"""What every table holds, and how long: a part of docs/privacy.md, and a test's law.

A table without a line here fails `tests/structure/test_retention.py`: nothing grows for ever
without a stated reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
_BEGINS, _ENDS = (
    "<!-- Generated from dev/generators/kept.py -->",
    "<!-- End of what is generated -->",
)

# swept: deleted by api.delete_expired_records · bounded: by what it describes, not by time ·
# kept: for the given reason
Policy = Literal["swept", "bounded", "kept"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a table holds.

    Attributes:
        personal: the data in it about a person; empty means none.
        how_long: or what limits it.
        by: for what is swept, the function that deletes from it.
    """

    policy: Policy
    what: str
    personal: str
    how_long: str
    by: tuple[str, ...] = ()


_BOOKING = "with its booking"
_CATALOGUE = "as long as the tenant offers it"

TABLES: Mapping[str, Kept] = {
    "core.bookings": Kept(
        "swept",
        "who booked what, when, at which price",
        "name, phone, notes, language, time zone, keyed hash of the network address",
        "never paid: `keep_unpaid_days` after it ended (30); paid: for ever, without a name once"
        " the customer is erased",
        ("core.delete_booking",),
    ),
    "core.customers": Kept(
        "swept",
        "whom bookings are for",
        "e-mail address, name, phone",
        "until their last booking and place is deleted, or they are erased",
        ("core.delete_idle_customers",),
    ),
    "core.waitlist": Kept(
        "swept",
        "customers who wait for a time",
        "name, phone, language, time zone, keyed hash of the network address",
        "`keep_waitlist_days` after it ended (30), or with the booking it was offered",
        ("core.delete_waitlist_entries", "core.delete_booking"),
    ),
    "core.checkouts": Kept(
        "swept",
        "attempts to pay, and what was sent to Stripe",
        "e-mail address, until the customer is erased",
        _BOOKING,
        ("core.delete_booking",),
    ),
    "core.payments": Kept("kept", "payments", "", "for ever: the books"),
    "core.refunds": Kept("kept", "refunds", "", "for ever: the books"),
    "core.reschedules": Kept(
        "swept",
        "reschedules",
        "",
        "with their booking; of one that was paid, for ever",
        ("core.delete_booking",),
    ),
    "core.occupancies": Kept(
        "bounded", "who owns which time", "", "while the booking is live: a row or two each"
    ),
    "core.effects": Kept(
        "swept",
        "what is to be done at Stripe, and letters to be sent",
        "",
        "of money: for ever, because their keys keep money from moving twice; others:"
        " `keep_unpaid_days` after they are done (30), or with their booking; letters to an erased"
        " customer at once",
        ("core.delete_effects", "core.delete_booking"),
    ),
    "core.idempotency_keys": Kept(
        "swept",
        "which request made what",
        "a hash of the request; of an erased customer it is replaced",
        "`keep_requests_days` (30), or with what it made",
        ("core.delete_requests", "core.delete_booking", "core.delete_waitlist_entries"),
    ),
    "core.stripe_events": Kept(
        "swept",
        "which of Stripe's events were recorded",
        "",
        "`keep_events_days` (35): Stripe may repeat one for days",
        ("core.delete_events", "core.delete_booking"),
    ),
    "audit.booking_events": Kept(
        "swept",
        "every change of a booking: when, from what to what, why, by which key",
        "",
        _BOOKING,
        ("core.delete_booking",),
    ),
    "audit.deleted_bookings": Kept(
        "bounded",
        "how many bookings were deleted",
        "",
        "for ever: at most a row for each tenant, day and reason",
    ),
    "core.reconciliations": Kept(
        "kept", "when Stripe's books were compared with ours", "", "for ever: a row a day"
    ),
    "core.reconciled_rows": Kept(
        "bounded", "what the comparison under way has seen", "", "until it ends"
    ),
    "core.sweep_failures": Kept(
        "swept",
        "rows at which a sweep failed, and when it tries them again",
        "",
        "30 days after the last failure",
        ("core.delete_failures",),
    ),
    "core.findings": Kept(
        "kept",
        "where Stripe's books and ours differ",
        "",
        "for ever: each was a fault, and a person's decision",
    ),
    "core.tenants": Kept("bounded", "tenants and their settings", "", "as long as it is used"),
    "core.api_keys": Kept(
        "bounded", "hashes of keys", "", "for ever, revoked or not: history names them"
    ),
    "core.resources": Kept("bounded", "what can be booked", "as named by the tenant", _CATALOGUE),
    "core.offerings": Kept("bounded", "what can be booked there", "", _CATALOGUE),
    "core.resource_offerings": Kept("bounded", "which goes with which", "", _CATALOGUE),
    "core.tiers": Kept("bounded", "kinds of prices", "", _CATALOGUE),
    "core.packages": Kept("bounded", "kinds of prices", "", _CATALOGUE),
    "core.prices": Kept("bounded", "prices", "", _CATALOGUE),
    "core.pools": Kept("bounded", "resources of which any will do", "", _CATALOGUE),
    "core.pool_resources": Kept("bounded", "which those are", "", _CATALOGUE),
    "core.weekly_hours": Kept("bounded", "opening hours", "", _CATALOGUE),
    "core.date_overrides": Kept("bounded", "other hours on one day", "", _CATALOGUE),
    "core.blackouts": Kept("bounded", "closed times", "", _CATALOGUE),
    "core.openings": Kept(
        "bounded",
        "opening hours as instants",
        "",
        "compiled: from two days ago to 40 days beyond the horizon; the sweep deletes what is over",
    ),
    "core.timetables": Kept(
        "bounded", "of which time those are compiled", "", "a row for each resource"
    ),
    "core.bookables": Kept(
        "bounded",
        "what a hold asks of the catalogue",
        "",
        "compiled: a row for each price of each resource",
    ),
    "core.calendars": Kept(
        "bounded", "calendars that are read: their secret addresses", "", "until they are removed"
    ),
    "core.external_busy": Kept(
        "bounded",
        "when those calendars are busy; nothing of what their events say",
        "",
        "replaced at each reading, as far as bookings can reach",
    ),
    "core.calendar_feeds": Kept(
        "bounded", "hashes of secret addresses of feeds", "", "for ever, revoked or not"
    ),
    "core.capabilities": Kept(
        "bounded", "what each kind of credential may do", "", "part of the system"
    ),
    "core.currencies": Kept("bounded", "currencies", "", "part of the system"),
    "core.transitions": Kept("bounded", "which status follows which", "", "part of the system"),
    "core.migrations": Kept("bounded", "which files were run", "", "part of the system"),
}


def table() -> str:
    """The lines of all tables, those with personal data first."""
    ordered = sorted(TABLES.items(), key=lambda item: (not item[1].personal, item[0]))
    lines = [
        "| Table | What it holds | About a person | How long |",
        "|---|---|---|---|",
        *(
            f"| `{name}` | {kept.what} | {kept.personal or 'nothing'} | {kept.how_long} |"
            for name, kept in ordered
        ),
    ]
    return "\n".join(lines)


def page() -> str:
    """docs/privacy.md as it is, with the lines of today."""
    text = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGINS)
    _, _, after = rest.partition(_ENDS)
    return f"{before}{_BEGINS}\n{table()}\n{_ENDS}{after}"
