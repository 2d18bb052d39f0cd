"""The stages of samconfig.toml, and what one release of a stage is deployed with."""

import hashlib
import json
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Parameters that say where secrets are: `make deploy` finds these out itself.
SECRETS = ("DatabaseSecretArn", "StripeSecretArn", "StripeWebhookSecretArn", "BookingSecretArn")


class CloudError(Exception):
    """It cannot go on; the message says why and what to do, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: its name, the stack's, the region if samconfig.toml names one, and parameters."""

    name: str
    stack: str
    region: str | None
    parameters: Mapping[str, str]

    @property
    def livemode(self) -> bool:
        """Whether real money moves."""
        return self.parameters.get("Livemode") == "true"

    @property
    def creates_database(self) -> bool:
        """Whether the stack brings its own database."""
        return self.parameters.get("CreateDatabase") == "yes"


def load(name: str, path: Path = ROOT / "samconfig.toml") -> Stage:
    """Read a stage. Raises CloudError if there is none, or something in it is not ours to take."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    known = sorted(key for key, value in document.items() if _deploys(value))
    if name not in known:
        raise CloudError(f"there is no stage {name!r}: STAGE={'|'.join(known)} ({path.name})")
    settings = document[name]["deploy"]["parameters"]
    parameters = {key: str(value) for key, value in settings["parameter_overrides"].items()}
    if parameters.get("Stage") != name:
        raise CloudError(f"{path.name}: the parameter Stage of stage {name!r} must be {name!r}")
    for key in (*SECRETS, "Release"):
        if key in parameters:
            raise CloudError(f"{path.name}: {key} is found by `make deploy`; remove it")
    return Stage(name, settings["stack_name"], settings.get("region"), parameters)


def _deploys(value: object) -> bool:
    if not isinstance(value, dict) or "deploy" not in value:
        return False
    return "parameter_overrides" in value["deploy"].get("parameters", {})


def released(stage: Stage, secrets: Mapping[str, str], commit: str) -> dict[str, str]:
    """All parameters of a release.

    SAM publishes a function's new version when the template changes, not when a parameter does: the
    parameter Release changes with either.
    """
    parameters = dict(stage.parameters) | dict(secrets)
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    return parameters | {"Release": f"{commit}-{digest[:8]}"}


def commit(root: Path = ROOT) -> str:
    """What is checked out: the short commit, "+" behind it if files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=root, check=False, capture_output=True, text=True
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    found = git("rev-parse", "--short", "HEAD")
    if not found:
        return "unknown"
    return found + ("+" if git("status", "--porcelain") else "")
