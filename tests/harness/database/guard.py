"""Outlives a killed test run to stop its server.

Run as `python -m tests.harness.database.guard PID FOLDER`.
"""

import sys
from pathlib import Path

from dev.programs.processes import wait_for_exit
from tests.harness.database.cluster import remove_run


def main(controller: str, folder: str) -> None:
    """Wait for the controlling process to end, then clean up what it has not."""
    wait_for_exit(int(controller))
    if Path(folder).exists():
        remove_run(Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
