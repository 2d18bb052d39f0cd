"""Make the database of an older version again: `python -m tests.upgrades.dump [COMMIT ...]`.

The older code is taken from the history and plays its story, in its own process. The result is
beside this file, so that a test of the upgrade needs no history. It is made again only when `past`
has more to tell; ids and keys are then new ones.
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
STORIES = {
    "d253a51": "past",  # migrations 0001 to 0006
    "9f4679f": "front_door",  # and 0007
}


def main(commit: str) -> None:
    """Write schema.sql.gz, data.sql, story.json and secrets.json into the commit's folder."""
    target = Path(__file__).parent / commit
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        old = Path(place) / "old"
        archive = subprocess.run(
            ["git", "archive", commit], cwd=ROOT, check=True, capture_output=True
        ).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as packed:
            packed.extractall(old, filter="data")
        (old / "tests" / "upgrades").mkdir(exist_ok=True)
        for name in STORIES.values():
            story = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
            (old / "tests" / "upgrades" / f"{name}.py").write_text(story, encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", f"tests.upgrades.{STORIES[commit]}", str(target)],
            cwd=old,
            env={**os.environ, "PYTHONPATH": f"{old}{os.pathsep}{old / 'layers/core'}"},
            check=True,
        )
    schema = target / "schema.sql"
    # without a time in it, the same schema is the same file
    (target / "schema.sql.gz").write_bytes(gzip.compress(schema.read_bytes(), 9, mtime=0))
    schema.unlink()


if __name__ == "__main__":
    for commit in sys.argv[1:] or STORIES:
        main(commit)
