"""`make deploy`, `make remove`, `make tenant`: against moto's AWS, the Stripe double, and a
stand-in for the SAM CLI that writes its arguments down."""

import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from dev.cloud import account, deploy, page, remove, sam, stages, tenant, vault, webhook
from dev.cloud.stages import CloudError, Stage
from dev.stripe_double import server
from dev.stripe_double.double import Double
from holdfast.stripe_gateway import API_VERSION
from holdfast.webhooks import EVENTS
from tests.harness.cluster import ROOT

TEST_KEY, LIVE_KEY = "sk_test_" + "a1" * 12, "rk_live_" + "b2" * 12
DATABASE = "postgresql://owner:hunter2@db.example.com:5432/holdfast"
HOOK = "https://abc.lambda-url.eu-central-1.on.aws/"
OUTPUTS = {
    "ApiUrl": "https://api.example.com",
    "WebhookUrl": HOOK,
    "MigrateFunctionName": "holdfast-dev-migrate",
    "SchemaVersion": "0006",
}

_SAM = """#!/usr/bin/env python3
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


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """The stand-in, first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "sam"
    program.write_text(_SAM)
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


@pytest.fixture
def at_stripe(stripe_double: Double, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Stripe's address."""
    with server.running(stripe_double, deliver=False) as url:
        monkeypatch.setenv("STRIPE_API_BASE", url)
        yield url


@dataclass
class Person:
    """Who is asked, and what was said to them."""

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


# Stages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_the_stages_can_be_deployed(name: str) -> None:
    """Each names itself, asks before it changes anything, may expand nested stacks, and only says
    what template.yaml takes."""
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
    assert settings["tags"] == {"project": "holdfast", "stage": name}
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
    """And with nothing else: the same again is the same release."""
    one = stages.released(stage(), {"StripeSecretArn": "a"}, "abc")["Release"]

    assert one == stages.released(stage(), {"StripeSecretArn": "a"}, "abc")["Release"]
    assert one != stages.released(stage(), {"StripeSecretArn": "b"}, "abc")["Release"]
    assert (
        one != stages.released(stage(Livemode="true"), {"StripeSecretArn": "a"}, "abc")["Release"]
    )
    assert one != stages.released(stage(), {"StripeSecretArn": "a"}, "abd")["Release"]


# Deploying -------------------------------------------------------------------------------------


def test_a_first_deployment(aws: None, cli: StandIn, at_stripe: str) -> None:
    """Secrets asked for and kept, built, deployed, registered; what to do next is said."""
    guided = person(TEST_KEY, DATABASE)

    guided.deploy(stage(MailFrom='My "Studio" <a@studio.example>'))

    build, deployed, listed = cli.calls()
    given = dict(
        each.split("=", 1) for each in deployed[deployed.index("--parameter-overrides") + 1 :]
    )
    assert build == ["build", "--template", "template.yaml"]
    assert deployed[:7] == [
        *("deploy", "--config-env", "dev", "--stack-name", "holdfast-dev"),
        *("--region", "eu-central-1"),
    ]
    assert listed[:2] == ["list", "stack-outputs"]
    assert given["MailFrom"] == '"My \\"Studio\\" <a@studio.example>"'
    assert {key for key, value in given.items() if "arn:aws:secretsmanager:" in value} == {
        *stages.SECRETS
    }
    (endpoint,) = endpoints(at_stripe)
    assert (endpoint.url, endpoint.api_version) == (HOOK, API_VERSION)
    assert set(endpoint.enabled_events) == EVENTS
    assert vault.read(secrets(), stage(), vault.WEBHOOK).startswith("whsec_")
    assert re.fullmatch(r"[0-9a-f]{64}", vault.read(secrets(), stage(), vault.BOOKING))
    assert any("make tenant STAGE=dev" in line for line in guided.told)
    assert any(f"make smoke URL={OUTPUTS['ApiUrl']}" in line for line in guided.told)


def test_secrets_are_nowhere_but_in_the_vault(aws: None, cli: StandIn, at_stripe: str) -> None:
    """Neither in an argument of any program, nor in what is printed, nor in a question."""
    guided = person(TEST_KEY, DATABASE)

    guided.deploy(stage())

    kept = [vault.read(secrets(), stage(), kind) for kind in (vault.WEBHOOK, vault.BOOKING)]
    seen = json.dumps([cli.calls(), guided.told, guided.asked])
    assert all(kept)
    for secret in (TEST_KEY, "hunter2", *kept):
        assert secret not in seen


def test_deploying_again_asks_for_nothing(aws: None, cli: StandIn, at_stripe: str) -> None:
    """The same secrets, one endpoint, no question."""
    person(TEST_KEY, DATABASE).deploy(stage())
    before = [vault.read(secrets(), stage(), k) for k in (vault.WEBHOOK, vault.BOOKING)]
    again = person()

    again.deploy(stage())

    assert again.asked == []
    assert [vault.read(secrets(), stage(), k) for k in (vault.WEBHOOK, vault.BOOKING)] == before
    assert len(endpoints(at_stripe)) == 1
    first, second = (call for call in cli.calls() if call[0] == "deploy")
    assert first == second


def test_a_created_database_needs_no_address(aws: None, cli: StandIn, at_stripe: str) -> None:
    """Nobody is asked for what the stack will make."""
    guided = person(TEST_KEY)

    guided.deploy(stage(CreateDatabase="yes"))

    assert len(guided.asked) == 1
    with pytest.raises(secrets().exceptions.ResourceNotFoundException):
        secrets().describe_secret(SecretId="holdfast/dev/database")


@pytest.mark.parametrize(
    ("key", "livemode"),
    [(LIVE_KEY, "false"), (TEST_KEY, "true"), ("pk_test_abcdefgh", "false"), ("", "false")],
)
def test_a_key_of_another_mode_is_refused(aws: None, cli: StandIn, key: str, livemode: str) -> None:
    """Nothing is kept, nothing is built."""
    with pytest.raises(CloudError) as refused:
        person(key).deploy(stage(Livemode=livemode))

    assert (not key or key not in str(refused.value), cli.calls()) == (True, [])
    assert secrets().list_secrets()["SecretList"] == []


def test_a_stage_that_went_live_needs_a_live_key(aws: None, cli: StandIn, at_stripe: str) -> None:
    """The key that is kept is checked too: test keys and live mode never meet."""
    person(TEST_KEY, DATABASE).deploy(stage())
    before = len(cli.calls())

    with pytest.raises(CloudError, match="live mode"):
        person().deploy(stage(Livemode="true"))
    assert len(cli.calls()) == before


@pytest.mark.parametrize(
    "url", ["mysql://u:p@h/d", "postgresql://u@h/d", "postgresql://u:p@h/", "x"]
)
def test_an_address_that_is_none_is_refused(aws: None, cli: StandIn, url: str) -> None:
    """What cannot be a database's owner and address is told at once, and not repeated."""
    with pytest.raises(CloudError, match="postgresql://user") as refused:
        person(TEST_KEY, url).deploy(stage())

    assert url == "x" or url not in str(refused.value)


def test_a_secret_being_deleted_stops_it(aws: None, cli: StandIn) -> None:
    """Making it anew is impossible for days; how to get it back is said."""
    secrets().create_secret(Name="holdfast/dev/stripe", SecretString="{}")
    secrets().delete_secret(SecretId="holdfast/dev/stripe")

    with pytest.raises(CloudError, match="restore-secret"):
        person().deploy(stage())


@pytest.mark.parametrize("step", ["build", "deploy"])
def test_a_failing_step_ends_it(
    aws: None, cli: StandIn, at_stripe: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Nothing after it is done; a repeat goes on where it stopped."""
    monkeypatch.setenv("STAND_IN_FAILS", step)
    with pytest.raises(CloudError):
        person(TEST_KEY, DATABASE).deploy(stage())
    assert (cli.calls()[-1][0], endpoints(at_stripe)) == (step, [])
    monkeypatch.delenv("STAND_IN_FAILS")
    again = person()

    again.deploy(stage())

    assert (again.asked, len(endpoints(at_stripe))) == ([], 1)


def test_the_page_is_uploaded(aws: None, cli: StandIn, at_stripe: str) -> None:
    """Exactly web/, with its types, and CloudFront is told; config.js is CloudFront's own."""
    s3 = boto3.client("s3")
    where = {"LocationConstraint": "eu-central-1"}
    s3.create_bucket(Bucket="page", CreateBucketConfiguration=where)  # type: ignore[arg-type]
    s3.put_object(Bucket="page", Key="old.js", Body=b"")
    distribution = _distribution()
    cli.tell(
        OUTPUTS
        | {
            "BookingPageBucket": "page",
            "BookingPageDistribution": distribution,
            "BookingPageUrl": "https://d.cloudfront.net",
        }
    )

    person(TEST_KEY, DATABASE).deploy(stage(ServeBookingPage="yes"))

    stored = {each["Key"] for each in s3.list_objects_v2(Bucket="page")["Contents"]}
    files = {
        p.relative_to(ROOT / "web").as_posix() for p in (ROOT / "web").rglob("*") if p.is_file()
    }
    types = {k: s3.head_object(Bucket="page", Key=k)["ContentType"] for k in stored}
    assert stored == files - {"config.js"}
    assert types["index.html"] == "text/html; charset=utf-8"
    assert types["app.js"] == "text/javascript; charset=utf-8"
    assert types["icon.svg"] == "image/svg+xml"
    invalidated = boto3.client("cloudfront").list_invalidations(DistributionId=distribution)
    assert invalidated["InvalidationList"]["Quantity"] == 1


def _distribution() -> str:
    origin = {
        "Id": "o",
        "DomainName": "page.s3.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    made = boto3.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
        }
    )
    return str(made["Distribution"]["Id"])


# Stripe's endpoint -----------------------------------------------------------------------------


def registered(url: str, told: list[str] | None = None) -> None:
    webhook.register(webhook.client(TEST_KEY, url), secrets(), stage(), HOOK, (told or []).append)


def test_an_endpoint_whose_secret_is_lost_is_made_anew(
    aws: None, at_stripe: str, stripe_double: Double
) -> None:
    """Stripe tells a signing secret once: if it is not kept, the endpoint is of no use."""
    vault.provide(secrets(), stage(), person(TEST_KEY, DATABASE).ask, print)
    lost = stripe_double.register_endpoint(HOOK, secret="whsec_lost")["id"]

    registered(at_stripe)

    (endpoint,) = endpoints(at_stripe)
    assert endpoint.id != lost
    assert vault.read(secrets(), stage(), vault.WEBHOOK) not in ("", "whsec_lost")


def test_a_new_endpoint_keeps_the_old_secrets(
    aws: None, at_stripe: str, stripe_double: Double
) -> None:
    """An older API version: a second endpoint, whose secret comes first; the old one is told."""
    vault.provide(secrets(), stage(), person(TEST_KEY, DATABASE).ask, print)
    stripe_double.register_endpoint(HOOK, secret="whsec_old")  # of no API version at all
    vault.write(secrets(), stage(), vault.WEBHOOK, "whsec_old")
    told: list[str] = []

    webhook.register(webhook.client(TEST_KEY, at_stripe), secrets(), stage(), HOOK, told.append)

    newest, old = vault.read(secrets(), stage(), vault.WEBHOOK).split(",")
    assert (newest.startswith("whsec_"), old, len(endpoints(at_stripe))) == (True, "whsec_old", 2)
    assert "older endpoint" in told[-1]


def test_a_secret_that_cannot_be_kept_leaves_no_endpoint(aws: None, at_stripe: str) -> None:
    """Else Stripe would sign with what nobody knows."""
    vault.provide(secrets(), stage(), person(TEST_KEY, DATABASE).ask, print)

    class Closed:
        """A vault that can be read only."""

        get_secret_value = staticmethod(secrets().get_secret_value)

        def put_secret_value(self, **_: object) -> None:
            raise CloudError("closed")

    with pytest.raises(CloudError, match="closed"):
        webhook.register(webhook.client(TEST_KEY, at_stripe), Closed(), stage(), HOOK, print)
    assert endpoints(at_stripe) == []


def test_without_stripe_the_rest_is_done(
    aws: None, cli: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system is up; how to register the webhook by hand is said, with every event."""
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")
    guided = person(TEST_KEY, DATABASE)

    guided.deploy(stage())

    (line,) = [each for each in guided.told if "NOT registered" in each]
    assert all(each in line for each in (HOOK, API_VERSION, *EVENTS))
    assert "Next:" in guided.told


# Removing --------------------------------------------------------------------------------------


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
    """What still runs still hears of payments."""
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
    """The live system, and any removal, want the stack's name typed; "yes" is not it."""
    monkeypatch.setattr("builtins.input", lambda _question: "yes")

    assert command([name]) == 1
    assert cli.calls() == []
    assert re.search(r"Nothing was (changed|removed)", capsys.readouterr().out)


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


def test_a_stack_that_is_not_there_is_told(cli: StandIn) -> None:
    """`make tenant` before `make deploy`."""
    (cli.folder / "outputs").write_text("")

    with pytest.raises(CloudError, match="is it deployed there"):
        sam.outputs(stage(), "eu-central-1")


def test_secrets_are_only_asked_for_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe or CI would have the secret in a file or log."""
    with open(os.devnull) as nothing:  # noqa: PTH123
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(CloudError, match="terminal"):
            account.ask_secretly("Key: ")


# Tenants ---------------------------------------------------------------------------------------


def test_keys_are_never_sent() -> None:
    """Only their hashes; each time other keys, in the form that the API takes."""
    from holdfast.actors import digest, from_headers  # noqa: PLC0415

    keys = tenant.new_keys("live")
    sent = json.dumps(tenant.request("id", "A", keys, []))

    assert keys != tenant.new_keys("live")
    for key in keys.values():
        assert key not in sent
        assert digest(key).hex() in sent
        assert from_headers({"authorization": f"Bearer {key}"}, "r").key_hash == digest(key).hex()


def test_a_tenant_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither NAME nor TENANT: said, and nothing is looked for."""
    assert tenant.main(["dev"]) == 2
    assert "NAME" in capsys.readouterr().err


def test_page_types_are_told() -> None:
    """Unknown files are bytes."""
    assert page._type(Path("x.unknown")) == "application/octet-stream"
