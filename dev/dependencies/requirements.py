"""`make requirements`: pin every package with its hashes, for every platform, naming no index."""

import subprocess
import sys

from dev.bootstrap import ROOT, main, uv, uv_environment

_FILES = (
    "layers/core/requirements",  # first: the others include it
    "requirements/dev",
    "requirements/sam",
    "requirements/checkov",
    "requirements/bench",
    "requirements/uv",
)
_OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-annotate",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--quiet",
)


def compile_all(options: list[str]) -> int:
    """Compile each .in file into its .txt; pins that still fit stay unless `--upgrade` is given."""
    if status := main(["uv"]):
        return status
    for name in _FILES:
        print(f"  {name}.txt", flush=True)
        command = [str(uv()), "pip", "compile", *_OPTIONS, *options, f"{name}.in"]
        done = subprocess.run(
            [*command, "--output-file", f"{name}.txt"], check=False, cwd=ROOT, env=uv_environment()
        )
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(compile_all(sys.argv[1:]))
