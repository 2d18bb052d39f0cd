"""The control endpoints below /_double: JSON in, JSON out, for scripts and tests.

GET    /_double/state                         everything at a glance
GET    /_double/faults                        the faults in force
POST   /_double/faults                        {kind, …}: see `faults.Fault`
DELETE /_double/faults                        lift them all
POST   /_double/act                           {session_id, action, card_number?}
POST   /_double/settle                        {session_id, outcome: succeed | fail}
POST   /_double/expire                        {session_id} or {payment_intent}
POST   /_double/authorisations                {seconds?, lag?, reason?, code?}: see
                                              `authorisations.Terms`
POST   /_double/capture                       {payment_intent, amount?}, as in the dashboard
POST   /_double/void                          {payment_intent, reason?}, as in the dashboard
POST   /_double/refunds                       {refund_id, status, failure_reason?} or {start_as}
POST   /_double/balance                       {short}: refunds wait for money, or wait no longer
POST   /_double/events/{id}/redeliver
POST   /_double/webhook_endpoints/{id}/roll   {overlap?: seconds}
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from dev.stripe_double.double import Double
from dev.stripe_double.messages import ApiError, Json, Request, Response
from dev.stripe_double.paying import NotOpen


def answer(double: Double, request: Request) -> Response:
    """Answer a control request; mistakes come back in Stripe's envelope."""
    try:
        return Response.of_json(200, _dispatch(double, request))
    except ApiError as error:
        return Response.of_json(error.status, error.body())
    except NotOpen as refusal:
        return Response.of_json(409, ApiError(str(refusal)).body())


def _list_faults(double: Double, _body: Json) -> Any:
    return double.faults.listing()


def _add_fault(double: Double, body: Json) -> Any:
    options = {name: value for name, value in body.items() if name != "kind"}
    return asdict(double.faults.add(_text(body, "kind"), **options))


def _clear_faults(double: Double, _body: Json) -> Any:
    double.faults.clear()
    return []


def _act(double: Double, body: Json) -> Any:
    card = _text(body, "card_number") if "card_number" in body else None
    return asdict(double.act(_text(body, "session_id"), _text(body, "action"), card))


def _expire(double: Double, body: Json) -> Any:
    if "payment_intent" in body:
        return double.end_authorisation(_text(body, "payment_intent"))
    return double.expire(_text(body, "session_id"))


def _capture(double: Double, body: Json) -> Any:
    amount = body.get("amount")
    if amount is not None and type(amount) is not int:
        raise ApiError(f"Not an amount in minor units: {amount!r}", param="amount")
    return double.capture(_text(body, "payment_intent"), amount)


def _void(double: Double, body: Json) -> Any:
    reason = _text(body, "reason") if "reason" in body else None
    return double.void(_text(body, "payment_intent"), reason)


def _balance(double: Double, body: Json) -> Any:
    short = body.get("short")
    if not isinstance(short, bool):
        raise ApiError("short must be true or false.", param="short")
    double.run_short(short=short)
    return {"short": short}


def _refund(double: Double, body: Json) -> Any:
    if "start_as" in body:
        double.refunds_start_as(body["start_as"])
        return {"start_as": body["start_as"]}
    reason = _text(body, "failure_reason") if "failure_reason" in body else None
    return double.move_refund(_text(body, "refund_id"), _text(body, "status"), reason)


def _redeliver(double: Double, body: Json) -> Any:
    return {"queued": double.redeliver(body["id"])}


def _roll(double: Double, body: Json) -> Any:
    return {"secret": double.roll_secret(body["id"], _number(body.get("overlap", 86_400)))}


CONTROLS: tuple[tuple[str, str, Callable[[Double, Json], Any]], ...] = (
    ("GET", "state", lambda double, _: double.state()),
    ("GET", "faults", _list_faults),
    ("POST", "faults", _add_fault),
    ("DELETE", "faults", _clear_faults),
    ("POST", "act", _act),
    ("POST", "settle", lambda d, body: d.settle(_text(body, "session_id"), _text(body, "outcome"))),
    ("POST", "expire", _expire),
    ("POST", "authorisations", lambda double, body: double.authorisations(**body)),
    ("POST", "capture", _capture),
    ("POST", "void", _void),
    ("POST", "refunds", _refund),
    ("POST", "balance", _balance),
    ("POST", r"events/(\w+)/redeliver", _redeliver),
    ("POST", r"webhook_endpoints/(\w+)/roll", _roll),
)


def _dispatch(double: Double, request: Request) -> Any:
    body = _body(request)
    for method, path, control in CONTROLS:
        match = re.fullmatch(f"/_double/{path}", request.route)
        if match and method == request.method:
            return control(double, {**body, "id": match[1]} if match.groups() else body)
    raise ApiError(f"No such control: {request.method} {request.route}", status=404)


def _body(request: Request) -> Json:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        raise ApiError("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise ApiError("The body is not a JSON object.")
    return body


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ApiError(f"{name} is missing, or no text.", param=name)
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ApiError(f"Not a number: {value!r}")
    return float(value)
