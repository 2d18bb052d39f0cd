"""Resources, offerings, prices and pools, as the servers of a tenant manage them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from holdfast.platform.fields import Name, Slug, Zone
from holdfast.platform.models import Answer, Request

_DAY = 1440  # minutes
_ABSENT: Any = None  # a change need not have it; the database has defaults for new items


def _divides_a_day(minutes: int) -> int:
    if _DAY % minutes:
        raise ValueError("must divide a day of 1440 minutes")
    return minutes


def _once(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) < len(ids):
        raise ValueError("must not repeat an entry")
    return sorted(ids)


Buffer = Annotated[int, Field(ge=0, le=_DAY, description="Minutes kept free.")]
Capacity = Annotated[int, Field(ge=1, le=1000)]
Duration = Annotated[int, Field(ge=5, le=10080, description="Minutes.")]
GroupSize = Annotated[int, Field(ge=2, le=1000, description="Customers who share one period.")]
Hours = Annotated[int, Field(ge=0, le=8760)]
Horizon = Annotated[int, Field(ge=1, le=1095, description="Days from now to the last start.")]
Limit = Annotated[int, Field(ge=1, le=100_000)]
Mode = Literal["slot", "date"]
Notice = Annotated[int, Field(ge=0, le=525_600, description="Minutes from now to a start.")]
Step = Annotated[
    int,
    Field(ge=5, le=_DAY, description="Minutes between starts; divides a day."),
    AfterValidator(_divides_a_day),
]
Ids = Annotated[list[UUID], Field(max_length=100), AfterValidator(_once)]


class Patch(Request):
    """What is to be different. What it does not name stays."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    def as_json(self) -> dict[str, Any]:
        """What was sent, as JSON types."""
        return self.model_dump(mode="json", exclude_unset=True)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must change something")
        return self


class CataloguePrice(Request):
    """What a tier and package of an offering costs, in minor units."""

    tier: Slug
    package: Slug
    amount: int = Field(
        ge=1,
        le=99_999_999,
        description="Minor units; at least what can be charged in the currency.",
    )
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _one_each(prices: list[CataloguePrice]) -> list[CataloguePrice]:
    if len({(price.tier, price.package) for price in prices}) < len(prices):
        raise ValueError("must not repeat a tier and package")
    return prices


Prices = Annotated[list[CataloguePrice], Field(max_length=100), AfterValidator(_one_each)]


class ResourceChange(Patch):
    """What is to be different of a resource: for bookings that are made from now on."""

    name: Name = _ABSENT
    timezone: Zone = _ABSENT
    confirmation: Literal["instant", "by_request"] = _ABSENT
    capacity: Capacity = _ABSENT
    buffer_before_minutes: Buffer = _ABSENT
    buffer_after_minutes: Buffer = _ABSENT
    step_minutes: Step = _ABSENT
    notice_minutes: Notice = _ABSENT
    horizon_days: Horizon = _ABSENT
    daily_limit: Limit | None = None
    customer_limit: Limit | None = None
    calendar_policy: Literal["refuse", "accept"] = _ABSENT
    offering_ids: Ids = _ABSENT


class ResourceRequest(ResourceChange):
    """A new resource."""

    name: Name = Field(examples=["Ada Lovelace"])
    timezone: Zone
    booking_mode: Mode = "slot"


class OfferingChange(Patch):
    """What is to be different of an offering: for bookings that are made from now on."""

    name: Name = _ABSENT
    duration_minutes: Duration = _ABSENT
    buffer_before_minutes: Buffer | None = None
    buffer_after_minutes: Buffer | None = None
    group_size: GroupSize | None = None
    free_cancel_hours: Hours = _ABSENT
    prices: Prices = _ABSENT


class OfferingRequest(OfferingChange):
    """A new offering; a slot has a duration, a whole date is as long as it is."""

    name: Name = Field(examples=["Single lesson"])
    booking_mode: Mode = "slot"

    @model_validator(mode="after")
    def _slot_has_duration(self) -> Self:
        if (self.booking_mode == "slot") != ("duration_minutes" in self.model_fields_set):
            raise ValueError("duration_minutes is for booking_mode slot only, and required there")
        return self


class PoolChange(Patch):
    """What is to be different of a pool."""

    name: Name = _ABSENT
    resource_ids: Ids = _ABSENT


class PoolRequest(PoolChange):
    """A new pool: any of its resources will do."""

    name: Name = Field(examples=["Any tutor"])


class _Kept(Answer):
    version: int
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


class CatalogueResource(_Kept):
    """A resource with all its settings."""

    id: UUID
    name: str
    timezone: str
    booking_mode: Mode
    confirmation: Literal["instant", "by_request"]
    capacity: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    step_minutes: int
    notice_minutes: int
    horizon_days: int
    daily_limit: int | None
    customer_limit: int | None
    calendar_policy: Literal["refuse", "accept"]
    offering_ids: list[UUID]


class CataloguePriceAnswer(Answer):
    """What a tier and package of an offering costs, in minor units."""

    tier: str
    package: str
    amount: int
    currency: str


class UnpayablePrice(Answer):
    """A price that cannot be charged: too little (below_least), or no multiple of its currency's
    step (off_step), both in minor units. It was set before its currency had them, and no hold
    can use it until it is changed."""

    tier: str
    package: str
    reason: Literal["below_least", "off_step"]
    least_amount: int
    step: int


class CatalogueOffering(_Kept):
    """An offering with all its settings and prices."""

    id: UUID
    name: str
    booking_mode: Mode
    duration_minutes: int | None
    buffer_before_minutes: int | None
    buffer_after_minutes: int | None
    group_size: int | None
    free_cancel_hours: int
    prices: list[CataloguePriceAnswer]
    unpayable: list[UnpayablePrice]


class CataloguePool(_Kept):
    """A pool and the resources that are in it."""

    id: UUID
    name: str
    resource_ids: list[UUID]


class CatalogueResourceList(Answer):
    """A page of resources."""

    items: list[CatalogueResource]
    next_cursor: str | None


class CatalogueOfferingList(Answer):
    """A page of offerings."""

    items: list[CatalogueOffering]
    next_cursor: str | None


class CataloguePoolList(Answer):
    """A page of pools."""

    items: list[CataloguePool]
    next_cursor: str | None
