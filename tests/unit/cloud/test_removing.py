"""`make remove`, and what stops a command before it does anything."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.cloud import account, deploy, remove, sam, vault
from dev.cloud.stages import CloudError, Stage
from tests.harness.servers.cloud import (
    DATABASE,
    TEST_KEY,
    StandIn,
    endpoints,
    person,
    secrets,
    stage,
)


def test_removing_says_what_stays() -> None:
    """By the templates' own deletion policies, and the secrets by name."""
    brought, created = (
        "\n".join(remove.warning(s)) for s in (stage(), stage(CreateDatabase="yes"))
    )

    assert "PageBucket (AWS::S3::Bucket): stays" in brought
    assert "Cluster (AWS::RDS::DBCluster): goes; a last snapshot stays" in created
    assert "The database is yours" in brought
    assert "DatabaseDeletionProtection" in created
    assert ("holdfast/dev/database" in brought, "holdfast/dev/database" in created) == (True, False)


def test_removing_deletes_stack_and_endpoint(aws: None, cli: StandIn, at_stripe: str) -> None:
    """Secrets stay."""
    person(TEST_KEY, DATABASE).deploy(stage())

    remove.remove(stage(), account.find(stage()), print)

    assert cli.calls()[-1] == [
        *("delete", "--stack-name", "holdfast-dev", "--region", "eu-central-1", "--no-prompts")
    ]
    assert endpoints(at_stripe) == []
    assert vault.read(secrets(), stage(), vault.STRIPE) == TEST_KEY


def test_what_never_came_to_be_is_removed(aws: None, cli: StandIn) -> None:
    """A stack whose first deployment failed has no outputs, and perhaps no secrets."""
    cli.tell({})
    (cli.folder / "outputs").write_text("")

    remove.remove(stage(), account.find(stage()), print)

    assert cli.calls()[-1][0] == "delete"


def test_a_stack_that_resists_keeps_its_endpoint(
    aws: None, cli: StandIn, at_stripe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It still runs, so it still gets events of payments."""
    person(TEST_KEY, DATABASE).deploy(stage())
    monkeypatch.setenv("STAND_IN_FAILS", "delete")

    with pytest.raises(CloudError, match="not deleted"):
        remove.remove(stage(), account.find(stage()), print)
    assert len(endpoints(at_stripe)) == 1


@pytest.mark.parametrize(
    ("command", "name"), [(deploy.main, "prod"), (remove.main, "dev"), (remove.main, "prod")]
)
def test_nothing_happens_without_the_word(
    aws: None,
    cli: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: Callable[[list[str]], int],
    name: str,
) -> None:
    """The live system, and any removal, require the stack's name to be typed; "yes" is not
    enough.
    """
    monkeypatch.setattr("builtins.input", lambda _question: "yes")

    assert command([name]) == 1
    assert cli.calls() == []
    assert re.search(r"Nothing was (changed|removed)", capsys.readouterr().out)


def test_the_region_is_the_stages_or_the_shells(
    aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """samconfig.toml first, then AWS_REGION, as the AWS CLI does; without any, the message says
    so.
    """
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    own = Stage("dev", "holdfast-dev", "us-east-2", {"Stage": "dev"})

    assert (account.find(own).region, account.find(stage()).region) == ("us-east-2", "eu-central-1")
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(CloudError, match="AWS_REGION"):
        account.find(stage())


def test_without_credentials_it_says_so(
    monkeypatch: pytest.MonkeyPatch,
    cli: StandIn,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """One line, exit status 1, nothing called."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    assert deploy.main(["dev"]) == 1
    assert ("no valid AWS credentials" in capsys.readouterr().err, cli.calls()) == (True, [])


def test_a_missing_stack_is_reported(cli: StandIn) -> None:
    """`make tenant` before `make deploy`."""
    (cli.folder / "outputs").write_text("")

    with pytest.raises(CloudError, match="is it deployed there"):
        sam.outputs(stage(), "eu-central-1")


def test_secrets_are_only_asked_for_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a pipe or in CI the secret would be in a file or log."""
    with open(os.devnull) as nothing:  # noqa: PTH123
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(CloudError, match="terminal"):
            account.ask_secretly("Key: ")
