"""What one operation works with: the state, the moment, and who asked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dev.stripe_double.ids import Ids
from dev.stripe_double.messages import Json, missing_object
from dev.stripe_double.storage import Document, Storage

if TYPE_CHECKING:
    from dev.stripe_double.faults import Faults

NOUNS = {
    "checkout.session": "checkout.session",
    "payment_intent": "payment_intent",
    "payment_method": "PaymentMethod",
    "charge": "charge",
    "refund": "refund",
    "event": "event",
    "webhook_endpoint": "webhook endpoint",
    "balance_transaction": "balance transaction",
}


@dataclass(frozen=True)
class Context:
    """One operation. `now` is in epoch seconds; `request_id` is None for what no request caused."""

    storage: Storage
    ids: Ids
    faults: "Faults"
    now: float
    public_url: str
    request_id: str | None = None
    idempotency_key: str | None = None

    @property
    def timestamp(self) -> int:
        """The moment as Stripe writes it: whole epoch seconds."""
        return int(self.now)

    def fetch(self, kind: str, object_id: str, param: str | None = None) -> Document:
        """Answer an object.

        Raises ApiError `resource_missing`: 404 for one named in the path, 400 for one named by
        the parameter `param`.
        """
        document = self.storage.get(kind, object_id)
        if document is None:
            if param is None:
                raise missing_object(NOUNS[kind], object_id, _path_parameter(kind))
            raise missing_object(NOUNS[kind], object_id, param, status=400)
        return document

    def reference(self, kind: str, body: Json, name: str) -> Document:
        """Answer the object that a stored object refers to; it exists, or we have a bug."""
        document = self.storage.get(kind, body[name])
        if document is None:
            raise LookupError(f"{body['id']} refers to {kind} {body[name]}, which does not exist")
        return document


def _path_parameter(kind: str) -> str:
    """Stripe names the path's parameter `intent` for payment intents, `id` for the rest."""
    return {"payment_intent": "intent", "checkout.session": "session"}.get(kind, "id")


def merged_metadata(current: Json, change: Json | None) -> Json:
    """Metadata after a change: empty values remove keys, and an empty whole removes them all."""
    if change is None:
        return {}
    return {key: value for key, value in {**current, **change}.items() if value != ""}
