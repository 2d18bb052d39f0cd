"""Instants at which a test that looks at today is most likely to be wrong, one of every kind.

Each is minutes before what makes it odd, so that a test of some length runs across it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

INSTANTS: Mapping[str, datetime] = {
    # today is free, and tomorrow is in another month, which has no 31st
    "last morning of a month": datetime(2027, 8, 31, 8, 30, tzinfo=UTC),
    # nothing of this month is free
    "last evening of a month": datetime(2027, 4, 30, 18, 40, tzinfo=UTC),
    # another year in Berlin, still the old one in New York
    "New Year's Eve": datetime(2027, 12, 31, 22, 57, tzinfo=UTC),
    "29 February": datetime(2028, 2, 29, 9, 30, tzinfo=UTC),
    # the clocks of Berlin change at 01:00 UTC, those of New York at 07:00 and 06:00 UTC
    "spring in Berlin": datetime(2027, 3, 28, 0, 57, tzinfo=UTC),
    "autumn in Berlin": datetime(2027, 10, 31, 0, 57, tzinfo=UTC),
    "spring in New York": datetime(2027, 3, 14, 6, 57, tzinfo=UTC),
    "autumn in New York": datetime(2027, 11, 7, 5, 57, tzinfo=UTC),
    "minutes before midnight, UTC": datetime(2027, 6, 16, 23, 57, tzinfo=UTC),
    "minutes before midnight, Berlin": datetime(2027, 7, 15, 21, 57, tzinfo=UTC),
    "minutes before midnight, New York": datetime(2027, 8, 22, 3, 57, tzinfo=UTC),
}
