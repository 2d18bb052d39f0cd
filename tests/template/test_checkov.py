"""What checkov, an independent linter, says about encryption, access and logs."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.template.expansion import ROOT, Expanded

RULES = ROOT / "tests/template/checkov.yaml"


def _checkov(*files: Path, rules: Path = RULES) -> str:
    """Its findings. Raises CalledProcessError if it cannot run."""
    command = [str(ROOT / ".local/checkov/bin/checkov"), "--config-file", str(rules)]
    done = subprocess.run(
        [*command, *(word for file in files for word in ("--file", str(file)))],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(ROOT / ".local/sam-home")},
    )
    if done.returncode not in {0, 1}:
        done.check_returncode()
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


@pytest.fixture
def expanded_file(created: Expanded, tmp_path: Path) -> Path:
    """Everything that template.yaml can deploy, as a file."""
    path = tmp_path / "expanded.json"
    path.write_text(json.dumps({"Resources": created.resources}), encoding="utf-8")
    return path


def test_nothing_is_found(expanded_file: Path) -> None:
    """No rule is broken in the template or those it contains, except those with a reason.

    Proves: API8:2023
    """
    said = _checkov(expanded_file, *sorted((ROOT / "infra").glob("*.yaml")))

    assert set(re.findall(r"Failed checks: (\d+)", said)) == {"0"}, said


def test_something_would_be_found(expanded_file: Path, tmp_path: Path) -> None:
    """A bucket that lost its protection is found: the rules are really applied."""
    document = json.loads(expanded_file.read_text(encoding="utf-8"))
    for name in ("PublicAccessBlockConfiguration", "BucketEncryption"):
        document["Resources"]["PageBucket"]["Properties"].pop(name)
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document), encoding="utf-8")

    assert "PageBucket" in _checkov(broken)
