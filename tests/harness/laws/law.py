"""What a law is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Law:
    """A statement that is true, and a query whose column `finding` names every exception.

    Attributes:
        costly: takes milliseconds; a simulation asks now and then, and at the end.
    """

    invariant: str
    states: str
    query: str
    costly: bool = False
