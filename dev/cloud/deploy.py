"""`make deploy STAGE=dev`: from this checkout to a running system, step by step.

    python -m dev.cloud.deploy dev

It may be stopped and run again at any point. What it changes, in order: the stage's secrets, what
SAM's change set shows, the endpoint at Stripe, the files of the booking page.
"""

import argparse
import os
import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from dev.cloud import account, page, sam, stages, vault, webhook
from dev.cloud.account import Account
from dev.cloud.stages import CloudError, Stage
from dev.dependencies import sbom

Say = Callable[[str], None]


def deploy(stage: Stage, where: Account, ask: vault.Ask, say: Say) -> None:
    """Deploy a stage. Raises CloudError, or what boto3 raises."""
    secrets = where.client("secretsmanager")
    arns = vault.provide(secrets, stage, ask, say)
    sam.build()
    commit = stages.commit()
    say(f"what is shipped is listed in {sbom.write(commit).relative_to(stages.ROOT)}")
    if commit.endswith("+") and stage.livemode:
        say(f"this checkout differs from commit {commit.rstrip('+')}: what runs is kept nowhere")
    sam.deploy(stage, where.region, stages.released(stage, arns, commit))
    outputs = sam.outputs(stage, where.region)
    try:
        at_stripe = webhook.client(
            vault.read(secrets, stage, vault.STRIPE), os.environ.get("STRIPE_API_BASE")
        )
        webhook.register(at_stripe, secrets, stage, outputs["WebhookUrl"], say)
    except CloudError as error:  # the system is up: the rest is done, and this is reported
        say(f"webhook: NOT registered. {error}")
    if "BookingPageBucket" in outputs:
        count = page.upload(
            where.client("s3"),
            where.client("cloudfront"),
            stages.ROOT / "web",
            outputs["BookingPageBucket"],
            outputs["BookingPageDistribution"],
        )
        say(f"booking page: {count} files at {outputs['BookingPageUrl']}")
    for line in what_next(stage, outputs):
        say(line)


def what_next(stage: Stage, outputs: dict[str, str]) -> list[str]:
    """The last lines: what exists now, and the next steps for the person."""
    lines = [
        "",
        f"{stage.stack} is deployed, schema {outputs.get('SchemaVersion', '?')}.",
        f"  API      {outputs['ApiUrl']}",
        f"  webhook  {outputs['WebhookUrl']}",
        "",
        "Next:",
        f'  make tenant STAGE={stage.name} NAME="…"            a tenant and its keys, once',
        f"  make smoke URL={outputs['ApiUrl']} KEY=pk_…   prove it with one booking",
    ]
    if stage.parameters.get("AlarmEmail"):
        lines.append(f"  confirm the subscription mailed to {stage.parameters['AlarmEmail']}")
    else:
        lines.append("  AlarmEmail is empty in samconfig.toml: alarms reach no one")
    if "example.com" in stage.parameters.get("MailFrom", "example.com"):
        lines.append("  MailFrom is a placeholder: e-mail needs a sender verified in SES")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Deploy the named stage. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m dev.cloud.deploy")
    parser.add_argument("stage", help="a stage of samconfig.toml")
    options = parser.parse_args(arguments)
    try:
        stage = stages.load(options.stage)
        where = account.find(stage)
        print(f"Stage {stage.name}: stack {stage.stack} in {where.region}, account {where.number}")
        print(f"as {where.user}, {'LIVE: real money' if stage.livemode else 'Stripe test mode'}.\n")
        if stage.livemode and not account.confirmed("This is the live system.", stage.stack):
            print("Nothing was changed.")
            return 1
        deploy(stage, where, account.ask_secretly, lambda line: print(line, flush=True))
    except CloudError as error:
        print(f"\n{error}.", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"\n{account.told(error)}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
