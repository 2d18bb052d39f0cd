"""Make the database of an older version anew: `python -m tests.upgrades.dump`.

The older code is taken from the history and lives through `past`, in a process of its own. The
result lies beside this file, so that a test of the upgrade needs no history. It is made again only
when `past` tells more; ids and keys are then new ones.
"""

import gzip
import os
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMIT = "d253a51"  # migrations 0001 to 0006


def main() -> None:
    """Write schema.sql.gz, data.sql, story.json and secrets.json into the commit's folder."""
    target = Path(__file__).parent / COMMIT
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        old = Path(place) / "old"
        archive = subprocess.run(
            ["git", "archive", COMMIT], cwd=ROOT, check=True, capture_output=True
        ).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as packed:
            packed.extractall(old, filter="data")
        past = Path(__file__).with_name("past.py").read_text(encoding="utf-8")
        (old / "tests" / "past.py").write_text(past, encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "tests.past", str(target)],
            cwd=old,
            env={**os.environ, "PYTHONPATH": f"{old}{os.pathsep}{old / 'layers/core'}"},
            check=True,
        )
    schema = target / "schema.sql"
    # without a time in it, the same schema is the same file
    (target / "schema.sql.gz").write_bytes(gzip.compress(schema.read_bytes(), 9, mtime=0))
    schema.unlink()


if __name__ == "__main__":
    main()
