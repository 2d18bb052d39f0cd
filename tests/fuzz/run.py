"""A run: what the description allows and forbids, then requests outside of it."""

import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fuzz.described import Findings, Fuzzer
from tests.fuzz.oddities import Oddities
from tests.fuzz.oracle import fault
from tests.fuzz.registry import Registry
from tests.fuzz.wire import exchange
from tests.stack.running import Stack

Say = Callable[[str], None]


@dataclass
class Result:
    """The result of a run."""

    described: Findings
    odd: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """The figures, for people."""
        odd = ", ".join(f"{n} of {status}" for status, n in sorted(self.odd.items()))
        return [
            "described requests, and the share of the allowed ones that was answered 2xx or 3xx:",
            *self.described.table(),
            f"odd requests: {self.odd.total()}: {odd}",
            f"{len(self.wrong)} things wrong after {self.seconds:.0f} s",
            *(f"- {each}" for each in self.wrong),
        ]


def run(
    stack: Stack, seed: int, seconds: float, *, examples: int = 16, every: int = 1, say: Say
) -> Result:
    """Fuzz a running stack.

    Args:
        seconds: for described requests; the oddities take as long as they need.
        examples: see `Fuzzer`.
        every: 1 for all oddities, 5 for every fifth of them.
    """
    begun = time.monotonic()
    registry = Registry(stack, seed)
    fuzzer = Fuzzer(registry, examples)
    for number in fuzzer.rounds(seed, seconds):
        total = sum(counted.total() for counted in fuzzer.findings.statuses.values())
        say(f"round {number}: {total} requests, {len(fuzzer.findings.wrong)} things wrong")
    result = Result(fuzzer.findings, wrong=list(fuzzer.findings.wrong.values()))
    oddities = itertools.islice(Oddities(registry, seed).all(), 0, None, every)
    for oddity in oddities:
        reply = exchange(stack.manifest["api"], oddity.sent)
        result.odd[reply.status] += 1
        if result.odd.total() % 200 == 0:
            say(f"{result.odd.total()} oddities, {len(result.wrong)} things wrong")
        wrong = fault(fuzzer.document, oddity, reply)
        if wrong is not None:
            result.wrong.append(f"{oddity.what}: {wrong}")
    result.seconds = time.monotonic() - begun
    return result
