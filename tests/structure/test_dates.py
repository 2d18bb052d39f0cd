"""Which tests read the real time: few, each for a reason; all others plant their date."""

import re
from collections.abc import Mapping

from tests.harness.database.cluster import ROOT

READS = re.compile(r"\b(?:datetime\.now|date\.today|time\.time|utcnow)\(")
# A reason, or `today`: then every test of the file that reads it is marked.
REASONS: Mapping[str, str] = {
    "browser/test_booking.py": "today",
    "browser/test_days.py": "today",
    "browser/test_device.py": "how long ago a booking ended",
    "dates/__main__.py": "it moves the time",
    "functions/test_answers.py": "how far our clock is from the database's",
    "functions/test_outages.py": "DynamoDB's records end at a true time",
    "functions/test_webhook_signatures.py": "handlers judge a signature's age by their own clock",
    "fuzz/inventory.py": "any day of the next twelve weeks",
    "harness/servers/cloudformation.py": "certificates are valid from a true time on",
    "harness/clients/db_client.py": "handlers judge a signature's age by their own clock",
    "harness/servers/feeds.py": "certificates are valid from a true time on",
    "harness/system/in_process.py": "the double's time is moved with the database's; signatures",
    "harness/servers/tls.py": "certificates are valid from a true time on",
    "load/customer.py": "any day of the next weeks",
    "restore/restoration.py": "a backup is restored to a true time",
    "simulation/world.py": "handlers judge a signature's age by their own clock",
    "sql/test_harness.py": "how far the database's clock is from ours",
    "unit/holdfast/test_aws.py": "a call to AWS is signed for its own time",
    "unit/stripe_double/conftest.py": "the double begins at any time",
}


def test_tests_that_read_the_true_time_are_listed() -> None:
    """A test that reads today's date plants its date instead, or is listed here with a reason."""
    tests = ROOT / "tests"
    reading = {
        str(path.relative_to(tests))
        for path in tests.rglob("*.py")
        if READS.search(path.read_text(encoding="utf-8"))
    }

    assert reading == set(REASONS)


def test_marked_files_have_marked_tests() -> None:
    """Files listed as `today` have tests that run at other dates."""
    marked = {path for path, reason in REASONS.items() if reason == "today"}
    texts = {path: (ROOT / "tests" / path).read_text(encoding="utf-8") for path in marked}

    assert [path for path, text in texts.items() if "pytest.mark.today" not in text] == []
