"""What every function has, whatever it does.

Cases: P-14
"""

import botocore.session
import pytest

from tests.template.expansion import ROOT, Expanded

# Not called in a function's usual way: CloudFormation calls it and reports its failures itself.
ON_DEPLOYMENT = {"Migrate"}


def _alias(name: str) -> str:
    return f"-> {name}FunctionAliaslive"


def test_lambda_knows_the_runtime(either: Expanded) -> None:
    """SAM and CloudFormation accept any string; the SDK's list is Lambda's own."""
    service = botocore.session.get_session().get_service_model("lambda")
    known = service.shape_for("Runtime").enum
    used = {properties["Runtime"] for properties in either.functions().values()}

    assert used <= set(known)


def test_logs_are_kept_for_a_while_and_not_for_ever(either: Expanded) -> None:
    """Each function writes JSON into its own group, which is made before it and has a retention."""
    groups = either.of_type("AWS::Logs::LogGroup")
    used = [properties["LoggingConfig"] for properties in either.functions().values()]
    names = [config["LogGroup"].removeprefix("-> ") for config in used]

    assert len(set(names)) == len(names)
    assert {config["LogFormat"] for config in used} == {"JSON"}
    assert all(int(groups[name]["RetentionInDays"]) > 0 for name in names)
    assert all(int(group["RetentionInDays"]) > 0 for group in groups.values())


def test_logs_lie_where_the_boundary_lets_functions_write(either: Expanded) -> None:
    """The boundary names groups by their prefix.

    Proves: ASVS 16.2.3, 16.4.2
    """
    boundary = either.of_type("AWS::IAM::ManagedPolicy")["FunctionBoundary"]
    allowed = next(s for s in boundary["PolicyDocument"]["Statement"] if s["Sid"] == "Log")
    prefix = allowed["Resource"].partition("log-group:")[2].removesuffix("*")
    groups = either.of_type("AWS::Logs::LogGroup")
    names = [
        groups[properties["LoggingConfig"]["LogGroup"].removeprefix("-> ")]["LogGroupName"]
        for properties in either.functions().values()
    ]

    assert prefix.count("/") == 3
    assert [name for name in names if not name.startswith(prefix)] == []


def test_every_function_is_traced(either: Expanded) -> None:
    """X-Ray sees each request."""
    modes = {properties["TracingConfig"]["Mode"] for properties in either.functions().values()}

    assert modes == {"Active"}


def test_nothing_changes_before_the_database_has(either: Expanded) -> None:
    """Every function but the migrating one is made and changed after the migration."""
    waiting = {
        name.removesuffix("Function")
        for name, resource in either.resources.items()
        if resource["Type"] == "AWS::Lambda::Function" and resource.get("DependsOn") == "Migration"
    }

    assert waiting == either.functions().keys() - ON_DEPLOYMENT


def test_migration_runs_again_when_something_changes(created: Expanded, brought: Expanded) -> None:
    """A custom resource is called when a property changes: SQL, code, or the database."""
    told = {
        name: each.resources["Migration"]["Properties"]
        for name, each in {"created": created, "brought": brought}.items()
    }
    logins = brought.of_type("AWS::SecretsManager::Secret")

    assert {key for each in told.values() for key in each} == {
        "ServiceToken",
        "ServiceTimeout",
        "Sql",
        "Code",
        "Database",
        "Logins",
    }
    assert told["created"]["Sql"].startswith("-> SqlLayer")
    assert told["created"]["Code"].startswith("-> CoreLayer")
    assert set(told["brought"]["Logins"].split(",")) == {f"-> {name}" for name in logins}


def test_migration_is_answered_before_it_is_given_up(either: Expanded) -> None:
    """CloudFormation waits longer than the function may take."""
    limit = int(either.functions()["Migrate"]["Timeout"])

    assert limit < int(either.resources["Migration"]["Properties"]["ServiceTimeout"]) <= 3600


def test_an_alarm_brings_the_old_version_back(either: Expanded) -> None:
    """Each deployment watches the alias's own errors, and those of the API."""
    alarms = either.of_type("AWS::CloudWatch::Alarm")
    groups = either.of_type("AWS::CodeDeploy::DeploymentGroup")

    assert groups.keys() == {
        f"{name}FunctionDeploymentGroup" for name in either.functions().keys() - ON_DEPLOYMENT
    }
    for group, properties in groups.items():
        name = group.removesuffix("FunctionDeploymentGroup")
        dimensions = {d["Name"]: d["Value"] for d in alarms[f"{name}Errors"]["Dimensions"]}
        assert properties["AlarmConfiguration"] == {
            "Enabled": True,
            "Alarms": [{"Name": alarms["ApiErrors"]["AlarmName"]}, {"Name": f"-> {name}Errors"}],
        }
        assert "DEPLOYMENT_STOP_ON_ALARM" in properties["AutoRollbackConfiguration"]["Events"]
        assert dimensions == {
            "FunctionName": f"-> {name}Function",
            "Resource": f"-> {name}Function:live",
        }
        alias = either.resources[f"{name}FunctionAliaslive"]
        assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["DeploymentGroupName"] == (
            f"-> {group}"
        )


@pytest.mark.parametrize(
    ("deployment", "configuration"),
    [("brought", "AllAtOnce"), ("created", "Canary10Percent5Minutes")],
)
def test_how_a_version_takes_over_is_chosen(
    deployment: str, configuration: str, request: pytest.FixtureRequest
) -> None:
    """At once by default, in steps on request."""
    expanded: Expanded = request.getfixturevalue(deployment)
    used = {
        properties["DeploymentConfigName"]
        for properties in expanded.of_type("AWS::CodeDeploy::DeploymentGroup").values()
    }

    assert used == {f"CodeDeployDefault.Lambda{configuration}"}


def test_callers_call_the_alias(either: Expanded) -> None:
    """API, schedules and the webhook's address lead to the published version, not the draft."""
    permissions = either.of_type("AWS::Lambda::Permission").values()
    called = {permission["FunctionName"] for permission in permissions}
    schedules = either.of_type("AWS::Scheduler::Schedule").values()
    paths = either.of_type("AWS::ApiGatewayV2::Api")["Api"]["Body"]["paths"]
    integrations = [
        operation["x-amazon-apigateway-integration"]["uri"]
        for path in paths.values()
        for operation in path.values()
        if "x-amazon-apigateway-integration" in operation
    ]
    (address,) = either.of_type("AWS::Lambda::Url").values()

    assert {*called, *(each["Target"]["Arn"] for each in schedules)} == {
        _alias(name) for name in either.functions().keys() - ON_DEPLOYMENT
    }
    assert [uri for uri in integrations if "FunctionAliaslive" not in uri] == []
    assert address["TargetFunctionArn"] == _alias("Webhook")


def test_snapshots_are_taken_of_functions_that_are_ready_for_them(
    created: Expanded, brought: Expanded
) -> None:
    """A function starts from a snapshot exactly if its code supports it and the parameter is
    set.
    """
    chosen = {
        name
        for name, properties in created.functions().items()
        if properties.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions"
    }
    ready = {
        "".join(word.capitalize() for word in path.parent.name.split("_"))
        for path in (ROOT / "functions").glob("*/app.py")
        if "snapstart.take_part()" in path.read_text(encoding="utf-8")
    }

    assert chosen == ready
    assert "PublishedVersions" not in str(brought.functions())


def test_clients_get_an_answer_before_the_api_gives_up(either: Expanded) -> None:
    """API Gateway waits for 30 seconds: a function behind it ends earlier, and says why."""
    swept = {
        properties["Target"]["Arn"]
        for properties in either.of_type("AWS::Scheduler::Schedule").values()
    }
    slow = {
        name: properties["Timeout"]
        for name, properties in either.functions().items()
        if name not in ON_DEPLOYMENT
        and _alias(name) not in swept
        and int(properties["Timeout"]) >= 30
    }

    assert slow == {}
