"""Runs on deployment: brings the database to the state of the SQL files shipped with it."""

from typing import Any

from holdfast.migrations import migrate
from holdfast.settings import settings


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Apply pending migrations and changed functions; a failure changes nothing and is raised."""
    report = migrate(
        settings().database_url,
        settings().sql_dir,
        progress=lambda name: print(f"applying {name}", flush=True),  # noqa: T201  goes to the log
    )
    return {
        "applied": list(report.applied),
        "reapplied": list(report.reapplied),
        "version": report.version,
    }
