"""What make says of a command that cannot work: at once, and before anything is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.harness.database.cluster import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile alone: anything it installed or ran would be missing, and fail."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    return tmp_path


def _make(checkout: Path, *arguments: str) -> str:
    """The output of a make that must fail and leave everything as it was."""
    before = sorted(checkout.iterdir())
    done = subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert sorted(checkout.iterdir()) == before
    said = done.stdout + done.stderr
    assert "bootstrap" not in said
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize(
    "target", ["up", "test", "deploy STAGE=dev", "smoke URL=https://a.example"]
)
@pytest.mark.parametrize("python", ["/no/such/python", "no-such-python", "/etc/passwd", "/"])
def test_a_python_that_cannot_be_run_is_named(checkout: Path, target: str, python: str) -> None:
    """Which one, and what to do."""
    said = _make(checkout, *target.split(), f"PYTHON={python}")

    assert f"PYTHON={python} cannot be run" in said
    assert "Python 3.11 or newer" in said


def test_a_python_that_is_too_old_is_named(checkout: Path) -> None:
    """The message has its version."""
    old = checkout / "python2"
    old.write_text(
        '#!/bin/sh\ncase "$*" in --version) echo Python 2.7.18;; *version_info*) exit 1;; esac\n'
    )
    old.chmod(0o755)
    said = _make(checkout, "up", f"PYTHON={old}")

    assert "is Python 2.7.18. Holdfast needs Python 3.11 or newer." in said


@pytest.mark.parametrize(
    ("target", "lacks"),
    [("deploy", "STAGE=dev"), ("remove", "STAGE=dev"), ("tenant", "STAGE=dev"), ("smoke", "URL=")],
)
@pytest.mark.parametrize("more", [(), ("-j4",), ("STAGE=", "URL=")])
def test_what_a_target_needs_is_asked_for_first(
    checkout: Path, target: str, lacks: str, more: tuple[str, ...]
) -> None:
    """The message has the command that would have worked."""
    said = _make(checkout, target, *more)

    assert f"make {target} {lacks}" in said
    assert "Nothing was installed" in said
