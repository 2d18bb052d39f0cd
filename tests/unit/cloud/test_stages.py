"""The stages in samconfig.toml."""

import re
from pathlib import Path

import pytest

from dev.cloud import stages
from dev.cloud.stages import CloudError
from tests.harness.database.cluster import ROOT
from tests.harness.servers.cloud import stage


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_the_stages_can_be_deployed(name: str) -> None:
    """Each names itself, asks before it changes anything, may expand nested stacks, and sets only
    parameters of template.yaml.
    """
    import tomllib  # noqa: PLC0415

    found = stages.load(name)
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())[name]["deploy"]["parameters"]
    template = (ROOT / "template.yaml").read_text()
    declared = set(
        re.findall(
            r"^  (\w+):", template.split("\nParameters:")[1].split("\nRules:")[0], re.MULTILINE
        )
    )

    assert (found.stack, found.livemode) == (f"holdfast-{name}", name == "prod")
    assert set(found.parameters) <= declared
    assert {*stages.SECRETS, "Release"} <= declared
    assert settings["confirm_changeset"] is True
    assert settings["capabilities"] == ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    assert settings["tags"] == f"project=holdfast stage={name}"
    assert settings["language_extensions"] is True


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[a.deploy.parameters]\nstack_name="s"', "there is no stage"),
        ('[dev.deploy.parameters]\nstack_name="s"\nparameter_overrides={Stage="prod"}', "must be"),
        (
            '[dev.deploy.parameters]\nstack_name="s"\n'
            'parameter_overrides={Stage="dev", StripeSecretArn="arn"}',
            "StripeSecretArn",
        ),
    ],
)
def test_a_wrong_stage_is_refused(tmp_path: Path, text: str, why: str) -> None:
    """Before anything is asked or changed."""
    path = tmp_path / "samconfig.toml"
    path.write_text(text)

    with pytest.raises(CloudError, match=why):
        stages.load("dev", path)


def test_a_release_changes_with_code_and_parameters() -> None:
    """And with nothing else: the same inputs are the same release."""
    one = stages.released(stage(), {"StripeSecretArn": "a"}, "abc")["Release"]

    assert one == stages.released(stage(), {"StripeSecretArn": "a"}, "abc")["Release"]
    assert one != stages.released(stage(), {"StripeSecretArn": "b"}, "abc")["Release"]
    assert (
        one != stages.released(stage(Livemode="true"), {"StripeSecretArn": "a"}, "abc")["Release"]
    )
    assert one != stages.released(stage(), {"StripeSecretArn": "a"}, "abd")["Release"]
