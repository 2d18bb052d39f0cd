"""A run of the tests leaves nothing in the system's temporary folder."""

import os
import subprocess
import sys
from pathlib import Path

from tests.harness.database.cluster import ROOT

# those that write certificates: of feeds, of databases, of a provider
_WRITERS = (
    "tests/unit/holdfast/test_certificates.py",
    "tests/unit/holdfast/calendars/test_transport.py",
)


def test_a_run_leaves_no_files_behind(tmp_path: Path) -> None:
    """Each start would add more of them, for ever; pytest clears its own folders."""
    place = tmp_path / "temporary"
    place.mkdir()
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=")
    inherited = {name: value for name, value in os.environ.items() if "HOLDFAST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *_WRITERS],
        cwd=ROOT,
        env=inherited | {"TMPDIR": str(place), "PYTEST_DEBUG_TEMPROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-2000:]
    assert list(place.iterdir()) == []
