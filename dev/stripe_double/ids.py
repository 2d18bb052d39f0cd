"""Identifiers in Stripe's form: a prefix and base-62 noise."""

import random
import secrets
import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


class Ids:
    """A source of identifiers: unpredictable by default, repeatable with a seed.

    A seed is for storage that starts empty; used again on the same file it would repeat itself.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._choose = secrets.choice if seed is None else random.Random(seed).choice  # noqa: S311

    def _noise(self, length: int) -> str:
        return "".join(self._choose(ALPHABET) for _ in range(length))

    def object(self, prefix: str) -> str:
        """For example `pi_3Q…`."""
        return f"{prefix}_{self._noise(24)}"

    def session(self) -> str:
        """A test-mode Checkout Session: `cs_test_…`."""
        return f"cs_test_a1{self._noise(56)}"

    def request(self) -> str:
        """For example `req_…`."""
        return f"req_{self._noise(14)}"

    def secret(self, prefix: str) -> str:
        """For example `whsec_…`."""
        return f"{prefix}_{self._noise(32)}"
