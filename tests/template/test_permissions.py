"""Permissions: each function has its own role, with exactly what its settings name."""

import fnmatch

import pytest

from tests.template.expansion import BROUGHT, Expanded, expand, listed

TABLE = {
    (f"dynamodb:{action}", "-> IdempotencyTable.Arn")
    for action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem")
}
READ = "secretsmanager:GetSecretValue"

# Policies of AWS's own, which SAM attaches and which name "*". The boundary cuts them down.
AWS_OWN = {
    "service-role/AWSLambdaBasicExecutionRole": "logs, wherever: the boundary says which groups",
    "AWSXrayWriteOnlyAccess": "traces, which have no resources",
    "service-role/AWSLambdaVPCAccessExecutionRole": "network interfaces, made by Lambda",
}
# What the boundary itself allows on "*".
EVERYWHERE = {
    "Trace": {"xray:PutTraceSegments", "xray:PutTelemetryRecords"},  # X-Ray has no resources
    "JoinNetwork": {  # before the interface exists; and never by the function's own code
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    },
}


def _expected(expanded: Expanded, name: str) -> set[tuple[str, str]]:
    """The rights that a function's settings and its callers require."""
    settings = expanded.functions()[name]["Environment"]["Variables"]
    rights: set[tuple[str, str]] = set()
    if secret := settings.get("DATABASE_SECRET_ARN"):
        rights.add((READ, secret))
    elif role := settings.get("DATABASE_ROLE"):
        proxy = "dbuser:-> Database.Outputs.ProxyResourceId"
        rights.add(("rds-db:connect", f"arn:aws:rds-db:us-east-1:000000000000:{proxy}/{role}"))
    for variable in ("STRIPE_SECRET_ARN", "STRIPE_WEBHOOK_SECRET_ARN", "BOOKING_SECRET_ARN"):
        if variable in settings:
            rights.add((READ, settings[variable]))
    if "IDEMPOTENCY_TABLE" in settings:
        rights |= TABLE
    if "RATE_LIMIT_TABLE" in settings:
        rights.add(("dynamodb:UpdateItem", "-> RateLimitTable.Arn"))
    if "MAIL_FROM" in settings:
        rights.add(("ses:SendEmail", "arn:aws:ses:us-east-1:000000000000:identity/*"))
    if prefix := settings.get("DATABASE_LOGIN_SECRETS"):
        logins = f"arn:aws:secretsmanager:us-east-1:000000000000:secret:{prefix}holdfast_*"
        rights |= {(READ, logins), ("secretsmanager:PutSecretValue", logins)}
    if f"{name}FunctionEventInvokeConfig" in expanded.resources:
        rights.add(("sqs:SendMessage", "-> DeadLetters.Arn"))
    return rights


def test_a_function_may_do_what_its_settings_name_and_nothing_else(either: Expanded) -> None:
    """A secret, table or role is in the policy exactly if it is in the environment.

    Proves: ASVS 13.2.2
    """
    granted = {name: either.grants(name) for name in either.functions()}

    assert granted == {name: _expected(either, name) for name in either.functions()}


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("Holdfast <no-reply@example.com>", "no-reply@example.com"),
        ("no-reply@example.com", "no-reply@example.com"),
        ("A <b@c.example>", "b@c.example"),
    ],
)
def test_letters_are_sent_in_one_name(sender: str, address: str) -> None:
    """Of all identities of the account the outbox may only send as its own sender.

    Proves: ASVS 13.2.2
    """
    expanded = expand(BROUGHT | {"MailFrom": sender})
    (send,) = [s for s in expanded.statements("Deliver") if s["Action"] == "ses:SendEmail"]

    assert send["Condition"] == {"StringEquals": {"ses:FromAddress": address}}


def test_no_secret_is_another_functions(brought: Expanded) -> None:
    """Of an existing database each function reads its own password, and only one the owner's.

    Proves: ASVS 13.3.2
    """
    readers: dict[str, set[str]] = {}
    for name in brought.functions():
        for action, resource in brought.grants(name):
            if action == READ and ("Login" in resource or "database" in resource):
                readers.setdefault(resource, set()).add(name)

    assert len(readers) == len(brought.functions()) - 1  # Openapi has no database
    assert [names for names in readers.values() if len(names) > 1] == []


def test_stars_are_listed(either: Expanded) -> None:
    """No policy of ours names every action or every resource, except those listed above."""
    found = {
        statement.get("Sid", name): set(listed(statement["Action"]))
        for name, statement in either.all_statements()
        if statement["Effect"] == "Allow"
        and ("*" in listed(statement["Resource"]) or "*" in str(statement["Action"]))
    }
    expected = {sid: EVERYWHERE[sid] for sid in found}

    assert found == expected


def test_interfaces_are_made_by_lambda_alone(created: Expanded) -> None:
    """A call by the function's own code has the function's address, and is refused."""
    statement = next(s for s in created.boundary() if s["Sid"] == "JoinNetwork")

    assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "true"}}


def test_functions_without_a_network_make_no_interfaces(brought: Expanded) -> None:
    """A function has both the right and the network, or neither."""
    networks = [properties.get("VpcConfig") for properties in brought.functions().values()]

    assert [statement["Sid"] for statement in brought.boundary() if "ec2" in str(statement)] == []
    assert set(networks) == {None}


def test_roles_are_not_shared(either: Expanded) -> None:
    """One function, one role; all within the boundary; of AWS's policies only the known ones."""
    roles = [properties["Role"] for properties in either.functions().values()]
    attached = {
        arn.partition(":policy/")[2]
        for name in either.functions()
        for arn in either.role(name)["ManagedPolicyArns"]
        if not arn.startswith("-> ")
    }
    boundaries = {either.role(name).get("PermissionsBoundary") for name in either.functions()}

    assert len(set(roles)) == len(roles)
    assert attached <= AWS_OWN.keys()
    assert boundaries == {"-> FunctionBoundary"}


def test_boundary_allows_what_roles_grant(either: Expanded) -> None:
    """A right missing in the boundary would only fail in the cloud."""
    allowed = [
        (action, resource)
        for statement in either.boundary()
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    missing = {
        (action, resource)
        for name in either.functions()
        for action, resource in either.grants(name)
        if not resource.startswith("-> Login")  # a name under the stack's prefix: see below
        and not any(
            action == known and fnmatch.fnmatchcase(resource, pattern) for known, pattern in allowed
        )
    }

    assert missing == set()


def test_boundary_allows_the_logins_by_their_names(brought: Expanded) -> None:
    """Secrets of the functions' database roles have names below the stack's."""
    pattern = next(
        resource.partition(":secret:")[2]
        for statement in brought.boundary()
        if READ in listed(statement["Action"])
        for resource in statement["Resource"]
        if "holdfast_*" in resource
    )
    names = [each["Name"] for each in brought.of_type("AWS::SecretsManager::Secret").values()]

    assert names
    assert [name for name in names if not fnmatch.fnmatchcase(name, pattern)] == []


def test_schedules_call_one_alias_and_report(either: Expanded) -> None:
    """A schedule's role invokes its function's alias, and sends what fails to the dead letters."""
    for schedule, properties in either.of_type("AWS::Scheduler::Schedule").items():
        role = either.resources[f"{schedule}Role"]["Properties"]
        granted = {
            (statement["Action"], statement["Resource"])
            for policy in role["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        }

        assert granted == {
            ("lambda:InvokeFunction", properties["Target"]["Arn"]),
            ("sqs:SendMessage", "-> DeadLetters.Arn"),
        }


def test_strangers_reach_the_api_and_the_webhook_only(either: Expanded) -> None:
    """Functions are invoked by API Gateway for this API, or through the webhook's address.

    Proves: ASVS 6.3.4, 13.4.5, API9:2023
    """
    permissions = either.of_type("AWS::Lambda::Permission").values()
    strangers = [p for p in permissions if p["Principal"] != "apigateway.amazonaws.com"]
    gateways = [p for p in permissions if p["Principal"] == "apigateway.amazonaws.com"]

    assert {p["FunctionName"] for p in strangers} == {"-> WebhookFunctionAliaslive"}
    assert all(p.get("FunctionUrlAuthType") or p.get("InvokedViaFunctionUrl") for p in strangers)
    assert all("-> Api/" in p["SourceArn"] for p in gateways)
