"""What a law is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Law:
    """A true statement, and a query whose column `finding` names every exception.

    Attributes:
        costly: takes milliseconds; a simulation checks it now and then, and at the end. It depends
            on nothing but `laws.OPENINGS`.
    """

    invariant: str
    states: str
    query: str
    costly: bool = False
