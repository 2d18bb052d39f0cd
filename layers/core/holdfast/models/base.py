"""What all models are made of. Requests are frozen and forbid what they do not know."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Request(BaseModel):
    """What a client sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> dict[str, Any]:
        """As sent to the database: only JSON types, defaults included."""
        return self.model_dump(mode="json")


class Answer(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True)


class Price(Answer):
    """An amount in minor units (cents; whole yen) of an ISO 4217 currency."""

    amount: int = Field(examples=[4500])
    currency: str = Field(examples=["EUR"])
