"""Requests generated from the OpenAPI description, and answers checked against it.

Schemathesis makes the requests: those that the description allows (positive) and those that it
forbids (negative). Most of them get real ids, keys and secrets at random (`Filler`).
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
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

from tests.fuzz.filler import Filler
from tests.fuzz.registry import Known, Registry

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
        *("content-security-policy", "date", "strict-transport-security"),
        *("x-content-type-options", "x-request-id"),
    }
)


@dataclass
class Findings:
    """Statuses by operation and mode, and the faults, each kind once with an example."""

    statuses: dict[tuple[str, str], Counter[int]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    wrong: dict[str, str] = field(default_factory=dict)

    def table(self) -> list[str]:
        """By operation: how many requests, and how many of the allowed ones were answered 2xx."""
        lines = []
        for operation in sorted({name for name, _ in self.statuses}):
            allowed = self.statuses[operation, "positive"]
            every = allowed + self.statuses[operation, "negative"]
            said = ", ".join(f"{n} of {status}" for status, n in sorted(every.items()))
            share = self.share(operation)
            lines.append(f"  {operation:<72}{every.total():>6}  {share:>4.0%} fine  {said}")
        return lines

    def share(self, operation: str) -> float:
        """How many of the allowed requests of an operation were answered 2xx or 3xx, 0 to 1."""
        allowed = self.statuses[operation, "positive"]
        fine = sum(n for status, n in allowed.items() if 200 <= status < 400)
        return fine / max(1, allowed.total())


class Fuzzer:
    """Makes requests of the operations that the description has.

    Args:
        examples: at most so many of each operation in a round, and half as many forbidden ones.
    """

    def __init__(self, registry: Registry, examples: int) -> None:
        self._registry = registry
        self._filler = Filler(registry)
        self._examples = examples
        self._api: str = registry.stack.manifest["api"]
        self.findings = Findings()
        self.describe(registry.stack.call("GET", "/openapi.json").body)

    def describe(self, document: dict[str, Any]) -> None:
        """Use another description than the API's own."""
        self.document = document
        self._schema = schemathesis.openapi.from_dict(document)

    def rounds(self, first_seed: int, seconds: float, only: Collection[str] = ()) -> Iterator[int]:
        """Fuzz for that long, and at least one round of all operations; yields after each.

        Args:
            only: these operations, by method and path; empty for all.
        """
        deadline = time.monotonic() + seconds
        number = first_seed
        while number == first_seed or time.monotonic() < deadline:
            for result in self._schema.get_all_operations():
                operation: Any = result.ok()  # type: ignore[union-attr]  # our description is valid
                if only and operation.label not in only:
                    continue
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
        """Some examples of one operation in one mode; failures are noted, and it continues."""

        @seed(number)
        @settings(
            max_examples=self._examples // (2 if mode.is_negative else 1),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), dice=st.integers(0, 2**32))
        def attempt(case: Case, dice: int) -> None:
            forbidden = _forbidden_body(case)
            item = self._filler.fill(case, random.Random(dice), negative=mode.is_negative)
            response = case.call(base_url=self._api)
            self.findings.statuses[operation.label, mode.value][response.status_code] += 1
            if response.status_code < 300:
                self._learn(case, item, response)
            self._judge(case, response)
            if forbidden and response.status_code < 300:
                self._blame(f"{operation.label}: took a forbidden body", case, response.text[:300])

        try:
            attempt()
        except Unsatisfiable:
            if not mode.is_negative:  # otherwise every value is valid for it
                raise

    # answers ------------------------------------------------------------------------------------

    def _learn(self, case: Case, item: Known, response: schemathesis.Response) -> None:
        is_json = response.headers.get("content-type", [""])[0] == "application/json"
        answer = response.json() if is_json else None
        self._registry.learn(case.method, case.path, item, answer)

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
            self._blame(f"{label}: {status} has undescribed headers: {sorted(unknown)}", case)

        if response.headers.get("content-type", [""])[0] == "application/problem+json":
            code = response.json()["code"]
            if code not in self._answer(case, status).get("x-codes", []):
                self._blame(f"{label}: {status} with a code that it does not have: {code}", case)

    def _described(self, case: Case, status: int) -> set[str]:
        """The headers that the description has for an answer."""
        return {name.lower() for name in self._answer(case, status).get("headers", {})}

    def _answer(self, case: Case, status: int) -> dict[str, Any]:
        """The description's entry for an answer; empty if there is none."""
        answer: dict[str, Any] = self.document["paths"][case.path][case.method.lower()][
            "responses"
        ].get(str(status), {})
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        return answer

    def _note(self, case: Case, response: schemathesis.Response, failure: Exception) -> None:
        title = failure.title if isinstance(failure, Failure) else type(failure).__name__
        kind = f"{case.operation.label}: {response.status_code} {title}"
        self._blame(kind, case, f"{failure}"[:600] + f"\n    answered {response.text[:300]}")

    def _blame(self, kind: str, case: Case, more: str = "") -> None:
        self.findings.wrong.setdefault(kind, f"{kind}\n    {more}\n    {case.as_curl_command()}")


def _forbidden_body(case: Case) -> bool:
    """Whether the body, which is sent as it was made up, breaks the description.

    Paths and headers get real values, so they may be valid after all; undescribed names in a query
    are ignored.
    """
    made = None if case.meta is None else case.meta.components.get(ParameterLocation.BODY)
    return made is not None and made.mode.is_negative
