"""What a person reads when the stack is ready: addresses, keys, and what to do first."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dev.stack.console import Console

STRIPE = "https://api.stripe.com"

_ROWS = (
    ("API", "api"),
    ("Docs", "docs"),
    ("Booking page", "booking_page"),
    ("Webhook", "webhook"),
    ("Stripe", "stripe"),
    ("Lambda Invoke", "control"),
    ("Database", "database"),
    ("Publishable key", "publishable_key"),
    ("Secret key", "secret_key"),
    ("Webhook secret", "webhook_secret"),
    ("Tenant", "tenant_id"),
)


def show(console: Console, manifest: Mapping[str, Any], folder: Path, seconds: float) -> None:
    """Print the manifest as a table, a first command, and the next steps."""
    console.say()
    console.say(console.paint(f"Holdfast is ready ({seconds:.1f} s).", "bold"))
    console.say()
    for title, key in _ROWS:
        console.say(f"  {title:<16} {manifest[key]}")
    resources = manifest["resources"]
    for position, resource in enumerate(resources):
        title = "Resources" if position == 0 else ""
        offered = ", ".join(offering["name"] for offering in resource["offerings"])
        console.say(f"  {title:<16} {resource['name']} ({resource['timezone']}): {offered}")
    console.say()
    if resources:
        console.say("Which times are free?")
        console.say()
        console.say(f"  {first_command(manifest)}")
        console.say()
    if manifest["stripe"] == STRIPE:
        console.say(f"Stripe itself is used: stripe listen --forward-to {manifest['webhook']}")
    console.say(
        f"Open {manifest['booking_page']} to book in a browser, {manifest['docs']} to read on;"
    )
    console.say("README.md shows the whole story by curl.")
    console.say(
        f"Logs are in {_near(folder / 'logs')}, this table in {_near(folder / 'stack.json')}."
    )
    console.say("Ctrl-C stops everything and keeps the data; `make reset` clears them.")
    console.say()


def _near(path: Path) -> str:
    """The path as a person in the current folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def first_command(manifest: Mapping[str, Any]) -> str:
    """A curl command that lists the free times of the first resource's first offering."""
    resource = manifest["resources"][0]
    url = f"{manifest['api']}/v1/resources/{resource['id']}/slots"
    if resource["offerings"]:
        url += f"?offering_id={resource['offerings'][0]['id']}"
    bearer = f"Authorization: Bearer {manifest['publishable_key']}"
    return f"curl -s -H {shlex.quote(bearer)} {shlex.quote(url)}"
