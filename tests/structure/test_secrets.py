"""No file of the repository holds a secret."""

import re
import subprocess

from tests.harness.database.cluster import ROOT

# In the form of their issuers; those of tests are one repeated letter, or words.
_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"AKIA[0-9A-Z]{16}"
    r"|(?:sk|rk)_live_[A-Za-z0-9]{20,}"
    r"|whsec_[A-Za-z0-9]{32,}"
    r"|gh[pousr]_[A-Za-z0-9]{36}"
    r"|xox[abprs]-[A-Za-z0-9-]{20,}"
    r"|-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----\n[A-Za-z0-9+/]{40})"
)


# Of former local stacks: they open old databases.
_PLAYED = {f"tests/upgrades/{commit}/secrets.json" for commit in ("d253a51", "9f4679f")}


def _made_up(found: str) -> bool:
    """Few different letters, or AWS's own example."""
    return len(set(found.rpartition("_")[2])) < 8 or found == "AKIAIOSFODNN7EXAMPLE"


def secrets_in(text: str) -> list[str]:
    """What looks like a secret and is no example."""
    return [found for found in _SHAPES.findall(text) if not _made_up(found)]


def test_no_file_holds_a_secret() -> None:
    """Every text file in git, by the shapes of keys of AWS, Stripe, GitHub and Slack.

    Proves: ASVS 13.3.1
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    found = {}
    for name in set(filter(None, listed)) - _PLAYED:
        path = ROOT / name
        if path.is_file() and (hits := secrets_in(path.read_text("utf-8", "replace"))):
            found[name] = [hit[:12] for hit in hits]

    assert found == {}


def test_a_secret_would_be_found() -> None:
    """The shapes match real secrets."""
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH"
    made = ["AKIA" + "ABCDEFGHIJKLMNOP", "sk_" + "live_" + alphabet, "ghp_" + alphabet[:36]]

    assert [text for text in made if not secrets_in(f"key = '{text}'")] == []
