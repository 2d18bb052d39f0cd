"""The SAM CLI as a process: it builds, shows the change set, asks, and deploys."""

import json
import os
import subprocess
from collections.abc import Mapping

from dev.cloud.stages import ROOT, CloudError, Stage

_ENVIRONMENT = {"SAM_CLI_TELEMETRY": "0"}


def build() -> None:
    """Build everything below .local/sam-build. Raises CloudError."""
    _run(["sam", "build", "--template", "template.yaml"], "the build failed; nothing was deployed")


def deploy(stage: Stage, region: str, parameters: Mapping[str, str]) -> None:
    """Deploy what was built, after SAM has shown what will change. Raises CloudError."""
    command = [
        *("sam", "deploy", "--config-env", stage.name, "--stack-name", stage.stack),
        *("--region", region, "--parameter-overrides"),
        *(override(key, value) for key, value in parameters.items()),
    ]
    _run(
        command,
        "the deployment did not happen, or was taken back. The events above name the resource and"
        " the reason; a failed migration has changed nothing (docs/deploying.md, When it fails)",
    )


def delete(stage: Stage, region: str) -> None:
    """Delete the stack. Raises CloudError."""
    command = ["sam", "delete", "--stack-name", stage.stack, "--region", region, "--no-prompts"]
    _run(command, "the stack was not deleted, or not entirely; the reason stands above")


def outputs(stage: Stage, region: str) -> dict[str, str]:
    """Outputs of the deployed stack: addresses and names. Raises CloudError if there is none."""
    command = ["sam", "list", "stack-outputs", "--stack-name", stage.stack]
    done = _process([*command, "--region", region, "--output", "json"], capture=True)
    try:
        listed = json.loads(done.stdout)
        return {each["OutputKey"]: each["OutputValue"] for each in listed}
    except (ValueError, TypeError, KeyError):
        raise CloudError(
            f"the stack {stage.stack} in {region} has no outputs: is it deployed there?"
        ) from None


def override(key: str, value: str) -> str:
    """One parameter as SAM takes it from the command line, whatever is in it."""
    escaped = value.replace('"', '\\"')
    return f'{key}="{escaped}"'


def _run(command: list[str], otherwise: str) -> None:
    if _process(command).returncode != 0:
        raise CloudError(otherwise)


def _process(command: list[str], *, capture: bool = False) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            check=False,
            text=True,
            stdout=subprocess.PIPE if capture else None,
            env=os.environ | _ENVIRONMENT,
        )
    except FileNotFoundError:
        raise CloudError(
            "the SAM CLI is not there: call this by `make`, which installs it"
        ) from None
