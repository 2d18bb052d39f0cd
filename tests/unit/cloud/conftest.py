"""An AWS account of moto's, the Stripe double, and a SAM CLI that deploys nothing."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from dev.stripe_double import server
from dev.stripe_double.double import Double
from tests.harness.servers.cloud import OUTPUTS, SAM, StandIn
from tests.harness.system.in_process import restore_tables


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The stand-in, first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "sam"
    program.write_text(SAM)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN", str(folder))
    made = StandIn(folder)
    made.tell(OUTPUTS)
    return made


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account in eu-central-1, in this process."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield
    restore_tables()


@pytest.fixture
def at_stripe(stripe_double: Double, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The double's address."""
    with server.running(stripe_double, deliver=False) as url:
        monkeypatch.setenv("STRIPE_API_BASE", url)
        yield url
