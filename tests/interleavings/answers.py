"""Answers in the words of the table of expected results."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.harness.clients.db_client import Call


def answer(call: Call, result: Any) -> str:
    """What a call answered, in one word."""
    function, arguments = call
    if function == "create_hold":
        return "held" if result["id"] == arguments[2] else "replayed"
    says: Callable[[Any], str] = _SAYS.get(function, _result)
    return says(result)


def _closing(result: Mapping[str, Any], word: str) -> str:
    """Which side must close the session: the caller, or a worker that has it already."""
    return "wait" if word == "close" and result["effect"] is None else word


def _result(result: Any) -> str:
    return str(result["result"])


_SAYS: Mapping[str, Callable[[Any], str]] = {
    "cancel_reschedule": lambda r: _closing(r, "given-up" if r["abandoned"] else "close"),
    "attach_checkout": lambda r: f"is-{r['checkout']['state']}",
    "begin_checkout": lambda r: _closing(r, r["next"]),
    "change_catalogue_item": lambda r: "changed",
    "claim_effects": lambda r: "-".join(e["kind"].partition("_")[0] for e in r) or "nothing",
    "create_catalogue_item": lambda r: "collides" if r["collisions"] else "closed",
    "expire_holds": lambda r: next((w for w in ("expired", "closing") if r[w]), "nothing"),
    "join_waitlist": lambda r: str(r["state"]),
    "leave_waitlist": lambda r: str(r["state"]),
    "offer_waiting": lambda r: "offered" if r["offered"] else "nothing",
    "release_hold": lambda r: _closing(r, "released" if r["released"] else "close"),
    "remove_catalogue_item": lambda r: "archived",
    "reschedule_booking": lambda r: "changing" if r["change"] else "moved",
}
