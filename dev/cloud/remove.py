"""`make remove STAGE=dev`: remove a stage, after saying what is deleted and what stays.

python -m dev.cloud.remove dev
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dev.cloud import account, sam, stages, vault, webhook
from dev.cloud.account import Account
from dev.cloud.stages import ROOT, CloudError, Stage
from dev.cloudformation.intrinsics import parse

_TEMPLATES = ("template.yaml", "infra/database.yaml", "infra/watching.yaml")
_KEPT = {
    "Retain": "stays",
    "RetainExceptOnCreate": "stays",
    "Snapshot": "goes; a last snapshot stays",
}


def kept(root: Path = ROOT) -> list[str]:
    """What CloudFormation does not simply delete, by the templates' own policies."""
    lines = []
    for name in _TEMPLATES:
        resources: Mapping[str, Any] = parse((root / name).read_text(encoding="utf-8"))["Resources"]
        for logical_id, resource in resources.items():
            policy = resource.get("DeletionPolicy")
            if policy in _KEPT:
                lines.append(f"{logical_id} ({resource['Type']}): {_KEPT[policy]}")
    return lines


def warning(stage: Stage) -> list[str]:
    """What a person must know before."""
    lines = [
        f"This deletes the stack {stage.stack}: its API, webhook, functions, schedules, alarms",
        "and logs, and the table of answers to repeated requests.",
        "",
        "Customers can no longer book or pay. Payments under way are not settled, and refunds that",
        "wait are not made: look at docs/runbook.md, and let the sweeps finish first.",
        "",
    ]
    if stage.creates_database:
        lines += [
            "The database was made by the stack. While DatabaseDeletionProtection is true it",
            "refuses to be deleted, and the removal stops there: deploy with it false first.",
        ]
    else:
        lines += [
            "The database is yours: it stays as it is, with every booking, and so do its roles."
        ]
    lines += ["", "Of the templates:", *(f"  {line}" for line in kept())]
    secrets = [] if stage.creates_database else [vault.DATABASE]
    secrets += [vault.STRIPE, vault.WEBHOOK, vault.BOOKING]
    lines += [
        "",
        "The secrets stay; without the last no link of a customer opens its booking:",
        *(f"  {vault.name(stage, kind)}" for kind in secrets),
    ]
    return lines


def remove(stage: Stage, where: Account, say: Callable[[str], None]) -> None:
    """Delete the stack and the endpoint at Stripe. Raises CloudError."""
    try:
        url = sam.outputs(stage, where.region).get("WebhookUrl", "")
    except CloudError:  # its first deployment failed: there was never an address
        url = ""
    sam.delete(stage, where.region)
    say(f"{stage.stack} is deleted.")
    if url:
        key = vault.read(where.client("secretsmanager"), stage, vault.STRIPE)
        at_stripe = webhook.client(key, os.environ.get("STRIPE_API_BASE"))
        say(f"Stripe: {webhook.forget(at_stripe, url)} endpoint removed.")


def main(arguments: list[str] | None = None) -> int:
    """Remove the named stage. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dev.cloud.remove")
    parser.add_argument("stage", help="a stage of samconfig.toml")
    options = parser.parse_args(arguments)
    try:
        stage = stages.load(options.stage)
        where = account.find(stage)
        print("\n".join(warning(stage)))
        print(f"\nRegion {where.region}, account {where.number}, as {where.user}.")
        if not account.confirmed("This cannot be undone.", stage.stack):
            print("Nothing was removed.")
            return 1
        remove(stage, where, lambda line: print(line, flush=True))
    except CloudError as error:
        print(f"\n{error}.", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"\n{account.told(error)}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
