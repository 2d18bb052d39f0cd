"""Requests made up from the OpenAPI description, and answers held to it.

Schemathesis makes the requests: such as the description allows (positive) and such as it forbids
(negative). Chance puts real ids, keys and secrets into most of them.
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz.purse import Held, Purse, somebody

Case = schemathesis.Case[Any]

_CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# What HTTP and the gateway add to any answer; an application's headers have to be described.
_AMBIENT = frozenset(
    {
        *("apigw-requestid", "cache-control", "connection", "content-length", "content-type"),
        *("content-security-policy", "date", "x-content-type-options", "x-request-id"),
    }
)
_EXAMPLES = 12  # of each operation and mode in a round
_WRONG_KEYS = ("", "Bearer", "Bearer pk_test_0000000000000000", "Basic cGs6", "pk_test_1")


@dataclass
class Findings:
    """Statuses by operation and mode, and what was wrong, each kind once with an example."""

    statuses: dict[tuple[str, str], Counter[int]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    wrong: dict[str, str] = field(default_factory=dict)

    def table(self) -> list[str]:
        """By operation: how many requests, and how many of those allowed were answered 2xx."""
        lines = []
        for operation in sorted({name for name, _ in self.statuses}):
            allowed = self.statuses[operation, "positive"]
            every = allowed + self.statuses[operation, "negative"]
            fine = sum(n for status, n in allowed.items() if 200 <= status < 400)
            said = ", ".join(f"{n} of {status}" for status, n in sorted(every.items()))
            share = fine / max(1, allowed.total())
            lines.append(f"  {operation:<42}{every.total():>6}  {share:>4.0%} fine  {said}")
        return lines


class Fuzzer:
    """Makes requests of every operation that the description has."""

    def __init__(self, purse: Purse) -> None:
        self._purse = purse
        self._api: str = purse.stack.manifest["api"]
        self.findings = Findings()
        self.describe(purse.stack.call("GET", "/openapi.json").body)

    def describe(self, document: dict[str, Any]) -> None:
        """Take another description than the API's own."""
        self.document = document
        self._schema = schemathesis.openapi.from_dict(document)

    def rounds(self, first_seed: int, seconds: float) -> Iterator[int]:
        """Fuzz for that long, and at least one round of all operations; yields after each."""
        deadline = time.monotonic() + seconds
        number = first_seed
        while number == first_seed or time.monotonic() < deadline:
            for result in self._schema.get_all_operations():
                operation: Any = result.ok()  # type: ignore[union-attr]  # our description is valid
                for mode in schemathesis.GenerationMode:
                    if mode.is_negative and not self._can_be_wrong(operation):
                        continue
                    self._explore(operation, mode, number)
            yield number
            number += 1

    @staticmethod
    def _can_be_wrong(operation: Any) -> bool:
        parameters = [*operation.path_parameters, *operation.query, *operation.headers]
        return bool(parameters or operation.body)

    def _explore(self, operation: Any, mode: schemathesis.GenerationMode, number: int) -> None:
        """Some examples of one operation in one mode; what fails is noted, and it goes on."""

        @seed(number)
        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), dice=st.integers(0, 2**32))
        def attempt(case: Case, dice: int) -> None:
            forbidden = _forbidden_body(case)
            self._furnish(case, random.Random(dice), negative=mode.is_negative)
            response = case.call(base_url=self._api)
            self.findings.statuses[operation.label, mode.value][response.status_code] += 1
            self._learn(operation.label, response)
            self._judge(case, response)
            if forbidden and response.status_code < 300:
                self._blame(f"{operation.label}: took a forbidden body", case, response.text[:300])

        try:
            attempt()
        except Unsatisfiable:
            if not mode.is_negative:  # else every value is right for it: it cannot be wrong
                raise

    # requests -----------------------------------------------------------------------------------

    def _furnish(self, case: Case, dice: random.Random, *, negative: bool) -> None:
        """Put what is real where the made-up value would be turned away at the door."""
        held = self._booking_for(case, dice)
        self._credentials(case, held, dice)
        if case.method == "POST" and dice.random() < (0.7 if negative else 0.97):
            case.headers["Idempotency-Key"] = self._purse.key()
        self._version(case, held, dice)
        # what the stack has to sell stays: nobody else could book it any more
        changes_shop = case.method != "GET" and case.path.startswith("/v1/catalogue")
        if not changes_shop and dice.random() < (0.6 if negative else 0.95):
            for name in case.path_parameters:
                case.path_parameters[name] = self._real(name, held, dice)
        if not negative:
            self._real_query(case, dice)
            self._real_body(case, dice)

    def _booking_for(self, case: Case, dice: random.Random) -> Held:
        """A known booking; to be paid rather a new one, since most can no longer be paid."""
        paying = case.operation.label == "POST /v1/bookings/{booking_id}/checkout"
        if paying and dice.random() < 0.6:
            return self._purse.make("held")
        return self._purse.booking(fresh=0.15)

    def _credentials(self, case: Case, held: Held, dice: random.Random) -> None:
        for name in list(case.headers):
            if name.lower() in {"authorization", "booking-secret"}:
                del case.headers[name]
        schemes = case.operation.definition.raw.get("security") or [{}]
        of_servers = all("secretKey" in scheme for scheme in schemes)
        secret_key = dice.random() < (0.95 if of_servers else 0.2)
        key = self._purse.stack.manifest["secret_key" if secret_key else "publishable_key"]
        case.headers["Authorization"] = f"Bearer {key}"
        if dice.random() < 0.04:
            case.headers["Authorization"] = dice.choice(_WRONG_KEYS)
        if dice.random() < 0.93:
            case.headers["Booking-Secret"] = held.secret

    @staticmethod
    def _version(case: Case, held: Held, dice: random.Random) -> None:
        sent = next((name for name in case.headers if name.lower() == "if-match"), None)
        if sent is not None and dice.random() < 0.7:
            case.headers[sent] = dice.choice((f'"{held.version}"', f'W/"{held.version}"', "*"))

    def _real(self, name: str, held: Held, dice: random.Random) -> str:
        if name == "resource_id":
            return str(dice.choice(self._purse.stack.manifest["resources"])["id"])
        return held.id

    def _real_query(self, case: Case, dice: random.Random) -> None:
        """An offering of that very resource, and a period that is not thousands of years long."""
        if dice.random() < 0.9:
            case.query.pop("cursor", None)  # a made-up one is refused
        resources = self._purse.stack.manifest["resources"]
        wanted = case.path_parameters.get("resource_id")
        resource = next((one for one in resources if one["id"] == wanted), None)
        if resource is not None and dice.random() < 0.9:
            case.query["offering_id"] = dice.choice(resource["offerings"])["id"]
        if dice.random() < 0.7:
            for name in ("from", "to"):
                case.query.pop(name, None)

    def _real_body(self, case: Case, dice: random.Random) -> None:
        """A time that is free, and addresses that are addresses."""
        if not isinstance(case.body, dict):
            return
        if case.operation.label == "POST /v1/holds":
            self._real_hold(case.body, dice)
        elif case.operation.label.endswith("/checkout") and dice.random() < 0.8:
            case.body["success_url"] = "https://studio.example/ok?session={CHECKOUT_SESSION_ID}"
            case.body["cancel_url"] = f"https://studio.example/{dice.randrange(3)}"

    def _real_hold(self, body: dict[str, Any], dice: random.Random) -> None:
        if dice.random() < 0.15:
            return
        for name in ("starts_at", "date", "tier", "package"):
            body.pop(name, None)
        body |= self._purse.free_time()
        if dice.random() < 0.8 and isinstance(body.get("customer"), dict):
            body["customer"] = {"name": "Ada Lovelace", "email": somebody()}
        if dice.random() < 0.8:
            body.pop("notes", None)

    # answers ------------------------------------------------------------------------------------

    def _learn(self, operation: str, response: schemathesis.Response) -> None:
        """A booking that a made-up request has made is as good as one of ours."""
        if operation == "POST /v1/holds" and response.status_code == 201:
            body = response.json()
            self._purse.keep(Held(body["id"], body["client_secret"], body["version"]))

    def _judge(self, case: Case, response: schemathesis.Response) -> None:
        try:
            case.validate_response(response, checks=_CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                self._note(case, response, failure)
        label, status = case.operation.label, response.status_code
        unknown = (
            {name.lower() for name in response.headers} - _AMBIENT - self._described(case, status)
        )
        if unknown:
            self._blame(f"{label}: {status} has headers nobody described: {sorted(unknown)}", case)

    def _described(self, case: Case, status: int) -> set[str]:
        """The headers that the description has for an answer."""
        answer = self.document["paths"][case.path][case.method.lower()]["responses"].get(
            str(status), {}
        )
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        return {name.lower() for name in answer.get("headers", {})}

    def _note(self, case: Case, response: schemathesis.Response, failure: Exception) -> None:
        title = failure.title if isinstance(failure, Failure) else type(failure).__name__
        kind = f"{case.operation.label}: {response.status_code} {title}"
        self._blame(kind, case, f"{failure}"[:600] + f"\n    answered {response.text[:300]}")

    def _blame(self, kind: str, case: Case, more: str = "") -> None:
        self.findings.wrong.setdefault(kind, f"{kind}\n    {more}\n    {case.as_curl_command()}")


def _forbidden_body(case: Case) -> bool:
    """Whether the body, which is sent as it was made up, breaks the description.

    Paths and headers get real values put in, so they may be right after all; names in a query that
    nobody described are ignored.
    """
    made = None if case.meta is None else case.meta.components.get(ParameterLocation.BODY)
    return made is not None and made.mode.is_negative
