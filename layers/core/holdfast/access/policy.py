"""How much may be taken without paying, and how often one may ask.

The database (`core.require_hold_quota` and others) and `api.limits` enforce it; this is the list,
with the range and the default of each setting, from which `docs/limits.md` is written and by which
a tenant's settings are checked. Tests compare it with the columns of `core.tenants`, and try every
row at its default.
"""

from dataclasses import dataclass
from typing import Literal

Whose = Literal[
    "network address",
    "mailbox, by secret keys",
    "mailbox",
    "hold or change",
    "mailbox and network address",
    "secret key; publishable key, all its browsers together",
]


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the policy.

    Attributes:
        setting: a column of `core.tenants`.
        counts: what is counted, for people.
        whose: for whom it is counted. Publishable keys are counted by network address, secret keys
            by the customer's mailbox; letters by the mailbox that they go to.
        default: what a new tenant has.
        most: the setting lies between `least` and this.
        may_be_none: whether it can be set to null, for no limit.
        rule: the name by which a secret key overrides it for one request, or "".
    """

    setting: str
    counts: str
    whose: Whose
    default: int
    most: int
    least: int = 1
    may_be_none: bool = True
    rule: str = ""


LIMITS: tuple[Limit, ...] = (
    Limit(
        "live_holds_per_address",
        "unpaid periods that are kept now, those on their way to pay included",
        "network address",
        *(24, 100_000),
        may_be_none=False,
    ),
    Limit(
        "live_holds_per_resource",
        "of these, periods of one resource",
        *("network address", 12, 100_000),
    ),
    Limit(
        "live_holds_per_day",
        "of these, periods of one resource that start on one local day",
        *("network address", 4, 100_000),
    ),
    Limit(
        "holds_per_hour",
        "periods that were held in the last 60 minutes, whatever became of them",
        *("network address", 100, 100_000),
    ),
    Limit(
        "free_lapses",
        "requests of the last 60 minutes that ended unpaid. From the first one beyond, the next"
        " hold has to wait 10 s after the last one, then 20 s, 40 s, … up to 10 minutes",
        *("network address", 8, 100_000),
        least=0,
    ),
    Limit(
        "places_per_address",
        "waitlist entries that wait",
        *("network address", 10, 100_000),
    ),
    Limit(
        "places_per_hour",
        "places that were taken in the last 60 minutes",
        *("network address", 30, 100_000),
    ),
    Limit(
        "offers_per_address",
        "offers of the waitlist at a time; further places wait on, and the next in line is asked",
        *("network address", 2, 1_000),
    ),
    Limit(
        "place_days",
        "days after which a place that was taken with a publishable key is over",
        *("network address", 30, 1_095),
        may_be_none=False,
    ),
    Limit(
        "live_holds_per_customer",
        "unpaid periods that are kept now",
        *("mailbox, by secret keys", 52, 10_000),
        may_be_none=False,
        rule="customer_periods",
    ),
    Limit(
        "places_per_customer",
        "waitlist entries that wait",
        *("mailbox, by secret keys", 20, 10_000),
        may_be_none=False,
        rule="customer_places",
    ),
    Limit(
        "letters_per_unproved",
        "letters in 24 hours to an unproved mailbox",
        *("mailbox", 3, 1_000),
        least=0,
        may_be_none=False,
    ),
    Limit(
        "letters_per_proved",
        "letters in 24 hours to a proved mailbox",
        *("mailbox", 30, 1_000),
        least=0,
        may_be_none=False,
    ),
)

RATES: tuple[Limit, ...] = (
    Limit(
        "rate_reads",
        "requests that only read, in a minute",
        "network address",
        600,
        1_000_000,
        may_be_none=False,
    ),
    Limit(
        "rate_holds",
        "holds and moves, in five minutes",
        "network address",
        60,
        1_000_000,
        may_be_none=False,
    ),
    Limit(
        "rate_waitlist",
        "waitlist entries, in five minutes",
        "network address",
        30,
        1_000_000,
        may_be_none=False,
    ),
    Limit(
        "rate_checkouts",
        "payment pages asked for, in five minutes",
        "network address",
        60,
        1_000_000,
        may_be_none=False,
    ),
    Limit(
        "rate_writes",
        "other changes, in five minutes",
        "network address",
        120,
        1_000_000,
        may_be_none=False,
    ),
    Limit(
        "rate_mailbox",
        "holds, and waitlist entries, that name one mailbox, in five minutes",
        "mailbox and network address",
        20,
        1_000_000,
        may_be_none=False,
    ),
    Limit(
        "rate_key_factor",
        "so many times what one network address may",
        "secret key; publishable key, all its browsers together",
        100,
        10_000,
        may_be_none=False,
    ),
    Limit(
        "payment_pages_per_hold",
        "payment pages made at Stripe",
        "hold or change",
        5,
        100,
        may_be_none=False,
    ),
)
