"""Runs pytest again and again in forks of one process: `python forks.py`, in a bench.

Most of a short run is the import of other packages, so it happens once, here. Nothing of ours may
be imported before the fork: there it comes from the bench as it then is.

Each line of standard input is a JSON array: the file to write to, how many seconds the run may
take, then pytest's arguments. The answer is a line with the exit code, negative for the signal that
ended the run: SIGALRM if it took longer.
"""

import importlib
import json
import os
import signal
import sys
from pathlib import Path

# A missing or superfluous module costs time, and changes nothing else.
_OTHERS = (
    "_hypothesis_pytestplugin",
    "aws_lambda_powertools.event_handler.api_gateway",
    "aws_lambda_powertools.event_handler.openapi.models",
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.utilities.idempotency.persistence.dynamodb",
    "aws_lambda_powertools.utilities.parameters",
    "boto3.session",
    "botocore.endpoint",
    "botocore.httpsession",
    "concurrent.futures.thread",
    "email.message",
    "hypothesis.strategies",
    "moto.dynamodb.responses",
    "moto.moto_server.werkzeug_app",
    "psycopg.types.json",
    "pytest",
    "stripe",
    "stripe.checkout",
    "werkzeug.serving",
    "yaml",
)


def main() -> None:
    """Serve until standard input ends."""
    for name in _OTHERS:
        importlib.import_module(name)
    sys.path[0] = str(Path.cwd())  # as with `python -m pytest`, instead of this file's folder
    for line in sys.stdin:
        said, seconds, *arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            sys.exit(_run(said, arguments, seconds))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(said: str, arguments: list[str], seconds: int) -> int:
    """In the fork: a process like any other that runs pytest."""
    signal.alarm(seconds)
    nothing = os.open(os.devnull, os.O_RDONLY)
    told = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for old, new in ((nothing, 0), (told, 1), (told, 2)):
        os.dup2(old, new)
    import pytest  # noqa: PLC0415 imported already

    return int(pytest.main(arguments))


if __name__ == "__main__":
    main()
