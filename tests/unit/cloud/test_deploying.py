"""`make deploy` against moto's AWS, the Stripe double and a stand-in for the SAM CLI."""

import json
import re

import boto3
import pytest

from dev.cloud import stages, vault
from dev.cloud.stages import CloudError
from holdfast.stripe.events import EVENTS
from holdfast.stripe.gateway import API_VERSION
from tests.harness.database.cluster import ROOT
from tests.harness.servers.cloud import (
    DATABASE,
    HOOK,
    LIVE_KEY,
    OUTPUTS,
    TEST_KEY,
    StandIn,
    endpoints,
    person,
    secrets,
    stage,
)


def test_a_first_deployment(aws: None, cli: StandIn, at_stripe: str) -> None:
    """Secrets are asked for and stored, the stack is built, deployed and registered; the output
    names the next steps.
    """
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
    """Neither in an argument of any program, nor in what is printed, nor in a question.

    Proves: ASVS 13.3.1
    """
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
    """The address of a database that the stack creates is not asked for."""
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
    """Nothing is stored, nothing is built."""
    with pytest.raises(CloudError) as refused:
        person(key).deploy(stage(Livemode=livemode))

    assert (not key or key not in str(refused.value), cli.calls()) == (True, [])
    assert secrets().list_secrets()["SecretList"] == []


def test_a_stage_that_went_live_needs_a_live_key(aws: None, cli: StandIn, at_stripe: str) -> None:
    """The stored key is checked too: a test key is refused in live mode."""
    person(TEST_KEY, DATABASE).deploy(stage())
    before = len(cli.calls())

    with pytest.raises(CloudError, match="live mode"):
        person().deploy(stage(Livemode="true"))
    assert len(cli.calls()) == before


@pytest.mark.parametrize(
    "url", ["mysql://u:p@h/d", "postgresql://u@h/d", "postgresql://u:p@h/", "x"]
)
def test_an_address_that_is_none_is_refused(aws: None, cli: StandIn, url: str) -> None:
    """An address that cannot be a database's is refused at once, and not printed."""
    with pytest.raises(CloudError, match="postgresql://user") as refused:
        person(TEST_KEY, url).deploy(stage())

    assert url == "x" or url not in str(refused.value)


def test_a_secret_being_deleted_stops_it(aws: None, cli: StandIn) -> None:
    """It cannot be made again for days; the message says how to restore it."""
    secrets().create_secret(Name="holdfast/dev/stripe", SecretString="{}")
    secrets().delete_secret(SecretId="holdfast/dev/stripe")

    with pytest.raises(CloudError, match="restore-secret"):
        person().deploy(stage())


@pytest.mark.parametrize("step", ["build", "deploy"])
def test_a_failing_step_ends_it(
    aws: None, cli: StandIn, at_stripe: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Later steps are not run; a repeat continues where it stopped."""
    monkeypatch.setenv("STAND_IN_FAILS", step)
    with pytest.raises(CloudError):
        person(TEST_KEY, DATABASE).deploy(stage())
    assert (cli.calls()[-1][0], endpoints(at_stripe)) == (step, [])
    monkeypatch.delenv("STAND_IN_FAILS")
    again = person()

    again.deploy(stage())

    assert (again.asked, len(endpoints(at_stripe))) == ([], 1)


def test_the_page_is_uploaded(aws: None, cli: StandIn, at_stripe: str) -> None:
    """The page and shared/ below it, with their types; config.js is CloudFront's own.

    The distribution is invalidated.
    """
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
    booking, shared = ROOT / "web/booking", ROOT / "web/shared"
    files = {p.relative_to(booking).as_posix() for p in booking.rglob("*") if p.is_file()}
    files |= {f"shared/{p.name}" for p in shared.iterdir()}
    types = {k: s3.head_object(Bucket="page", Key=k)["ContentType"] for k in stored}
    assert stored == files - {"config.js"}
    assert types["index.html"] == "text/html; charset=utf-8"
    assert types["app.js"] == "text/javascript; charset=utf-8"
    assert types["shared/icon.svg"] == "image/svg+xml"
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
