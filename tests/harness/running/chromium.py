"""The Chromium that the browser tests drive: the one that is installed, or none."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = (
    "THE BROWSER TESTS DID NOT RUN: there is no Chromium here."
    " Debian and Ubuntu have it as the package chromium; CHROMIUM=/path names another."
)


def executable() -> str | None:
    """Path of the browser, or None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
