"""The base of all models. Requests are frozen and forbid unknown fields."""

from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from holdfast.platform.fields import CustomerZone, Locale


class Request(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> dict[str, Any]:
        """As sent to the database: only JSON types, defaults included."""
        return self.model_dump(mode="json")


class FromCustomer(Request):
    """What is known of the customer's device: for letters and for times that they read."""

    locale: Locale | None = None
    timezone: CustomerZone | None = None

    def as_json(self) -> dict[str, Any]:
        """As sent to the database. Absent fields are left out, so that a request from before these
        fields existed is still the same request.
        """
        unsaid = {name for name in FromCustomer.model_fields if getattr(self, name) is None}
        return {name: value for name, value in super().as_json().items() if name not in unsaid}


class Answer(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True)


class Price(Answer):
    """An amount in minor units (cents; whole yen) of an ISO 4217 currency."""

    amount: int = Field(examples=[4500])
    currency: str = Field(examples=["EUR"])


class _AsWritten:
    """An answer that the database wrote, passed on without being parsed, checked or written again:
    a listing has a thousand members. The model only describes it; tests check the text against it.
    """

    def __get_pydantic_core_schema__(
        self, source: type[Answer], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.json_or_python_schema(
            json_schema=handler(source),
            python_schema=core_schema.str_schema(strict=True),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda text: text),
        )


_Model = TypeVar("_Model", bound=Answer)
JsonText = Annotated[_Model, _AsWritten()]


class Slot(Answer):
    """A free period. `remaining` places can still be taken: units of the resource, or seats.

    Local times are included when a zone is asked for; they are the same instants.
    """

    starts_at: datetime
    ends_at: datetime
    date: date | None
    remaining: int
    starts_local: datetime | None = None
    ends_local: datetime | None = None
