"""Record the answers again, of all families or of these: `python -m tests.answers [FAMILY ...]`.

Only on purpose, when texts are rewritten: the diff then shows what clients will see.
"""

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

from tests.answers.recording import FAMILIES, kept, played
from tests.harness.database import cluster
from tests.harness.system.in_process import running_dynamodb


def main(families: list[str]) -> None:
    """Write the files."""
    cluster.open_run()
    try:
        with (
            Path(os.devnull).open("w", encoding="utf-8") as nowhere,
            redirect_stdout(nowhere),  # the functions' logs
            running_dynamodb() as dynamodb,
        ):
            for family in families or FAMILIES:
                text = played(cluster.cluster(), dynamodb, family)
                kept(family).write_text(text, encoding="utf-8")
    finally:
        cluster.close_run()


if __name__ == "__main__":
    main(sys.argv[1:])
