"""The parties of a deployment: a person who answers questions, and a stand-in for the SAM CLI that
records its arguments.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from dev.cloud import account, deploy, webhook
from dev.cloud.stages import Stage

TEST_KEY, LIVE_KEY = "sk_test_" + "a1" * 12, "rk_live_" + "b2" * 12
DATABASE = "postgresql://owner:hunter2@db.example.com:5432/holdfast"
HOOK = "https://abc.lambda-url.eu-central-1.on.aws/"
OUTPUTS = {
    "ApiUrl": "https://api.example.com",
    "WebhookUrl": HOOK,
    "MigrateFunctionName": "holdfast-dev-migrate",
    "SchemaVersion": "0006",
}

SAM = """#!/usr/bin/env python3
import json, os, sys
folder = os.environ["STAND_IN"]
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if "list" in sys.argv:
    print(open(os.path.join(folder, "outputs")).read())
if sys.argv[1] == os.environ.get("STAND_IN_FAILS"):
    sys.exit(3)
"""


@dataclass
class StandIn:
    """A `sam` that deploys nothing."""

    folder: Path

    def calls(self) -> list[list[str]]:
        """The arguments of every call."""
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def tell(self, outputs: dict[str, str]) -> None:
        """Let the stack have these outputs."""
        listed = [{"OutputKey": k, "OutputValue": v, "Description": k} for k, v in outputs.items()]
        (self.folder / "outputs").write_text(json.dumps(listed))


@dataclass
class Person:
    """The person who answers, and what was printed."""

    answers: list[str]
    asked: list[str]
    told: list[str]

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)

    def deploy(self, stage: Stage) -> None:
        deploy.deploy(stage, account.find(stage), self.ask, self.told.append)


def person(*answers: str) -> Person:
    return Person(list(answers), [], [])


def stage(**parameters: str) -> Stage:
    given = {"Stage": "dev", "CreateDatabase": "no", "Livemode": "false"} | parameters
    return Stage("dev", "holdfast-dev", None, given)


def secrets() -> Any:
    return boto3.client("secretsmanager")


def endpoints(url: str) -> list[Any]:
    return list(webhook.client(TEST_KEY, url).v1.webhook_endpoints.list().auto_paging_iter())
