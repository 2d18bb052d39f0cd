"""Stored data: encrypted, not public, and for as long as it should be."""

import re

from tests.template.expansion import CREATED, ROOT, Expanded, document, expand

FOURTEEN_DAYS = 14 * 24 * 60 * 60


def test_requests_are_forgotten(either: Expanded) -> None:
    """Paid by the request, encrypted, with an expiry that DynamoDB applies, and no history: a copy
    that may be lost needs none, and would be kept for 35 days.

    Proves: ASVS 14.2.2
    """
    table = either.of_type("AWS::DynamoDB::Table")["IdempotencyTable"]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_counts_of_requests_are_forgotten(either: Expanded) -> None:
    """Paid by the request, encrypted, with an expiry, and without any history of who asked."""
    table = either.of_type("AWS::DynamoDB::Table")["RateLimitTable"]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert set(either.of_type("AWS::DynamoDB::Table")) == {"IdempotencyTable", "RateLimitTable"}


def test_dead_letters_are_kept_and_encrypted(either: Expanded) -> None:
    """Two weeks, encrypted; no policy allows access from outside the account."""
    (queue,) = either.of_type("AWS::SQS::Queue").values()

    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == FOURTEEN_DAYS
    assert either.of_type("AWS::SQS::QueuePolicy") == {}


def test_the_pages_bucket_is_not_public(created: Expanded) -> None:
    """Only CloudFront reads it, only over TLS.

    Proves: ASVS 13.4.3
    """
    (bucket,) = created.of_type("AWS::S3::Bucket").values()
    (policy,) = created.of_type("AWS::S3::BucketPolicy").values()
    allowed = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert [s["Principal"] for s in allowed] == [{"Service": "cloudfront.amazonaws.com"}]
    assert "AWS:SourceArn" in allowed[0]["Condition"]["StringEquals"]
    assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_a_domain_of_ones_own_speaks_no_old_tls() -> None:
    """With a domain and its certificate the page requires TLS 1.2; otherwise CloudFront decides.

    Proves: ASVS 12.1.1
    """
    own = {
        "PageDomain": "book.example.com",
        "PageCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0a1b",
    }
    (with_domain,) = expand(CREATED | own).of_type("AWS::CloudFront::Distribution").values()
    (without,) = expand(CREATED).of_type("AWS::CloudFront::Distribution").values()

    assert with_domain["DistributionConfig"]["Aliases"] == ["book.example.com"]
    assert with_domain["DistributionConfig"]["ViewerCertificate"] == {
        "AcmCertificateArn": own["PageCertificateArn"],
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    assert without["DistributionConfig"].keys().isdisjoint({"Aliases", "ViewerCertificate"})


def test_no_secret_has_a_default() -> None:
    """Secrets are passed as ARNs: no parameter looks like one, and no default does.

    Proves: ASVS 6.3.2, 13.2.3
    """
    parameters = document()["Parameters"]
    looks = re.compile(r"(sk|rk|whsec|AKIA)[_A-Z0-9]|[0-9a-f]{32}", re.IGNORECASE)
    named = re.compile(r"(password|secret|token|apikey)(?!.*arn$)", re.IGNORECASE)

    assert [
        name for name, each in parameters.items() if looks.search(str(each.get("Default")))
    ] == []
    assert [name for name in parameters if named.search(name)] == []


def test_no_template_resolves_a_secret() -> None:
    """`{{resolve:secretsmanager…}}` would write a secret's value into a resource's settings.

    Proves: ASVS 13.3.1
    """
    told = [
        path.name
        for path in (ROOT / "template.yaml", *(ROOT / "infra").glob("*.yaml"))
        if "{{resolve:" in path.read_text(encoding="utf-8")
    ]

    assert told == []
