"""infra/database.yaml: what a created database must be, whatever else is changed in it."""

from typing import Any

import pytest

from dev.cloudformation.intrinsics import parse
from tests.harness.database.cluster import ROOT

RESOURCES = parse((ROOT / "infra/database.yaml").read_text(encoding="utf-8"))["Resources"]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Logical id → properties."""
    found = {
        name: resource.get("Properties", {})
        for name, resource in RESOURCES.items()
        if resource["Type"] == kind
    }
    assert found, kind
    return found


@pytest.fixture
def cluster() -> dict[str, Any]:
    (properties,) = of_type("AWS::RDS::DBCluster").values()
    return properties


@pytest.fixture
def proxy() -> dict[str, Any]:
    (properties,) = of_type("AWS::RDS::DBProxy").values()
    return properties


def test_two_weeks_can_be_restored(cluster: dict[str, Any]) -> None:
    """Aurora's own default is one day."""
    assert cluster["BackupRetentionPeriod"] == 14


def test_the_data_are_not_deleted_by_mistake(cluster: dict[str, Any]) -> None:
    """Protected unless a parameter says otherwise, and even then a snapshot stays."""
    resource = RESOURCES["Cluster"]
    parameters = parse((ROOT / "infra/database.yaml").read_text(encoding="utf-8"))["Parameters"]

    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Snapshot",) * 2
    assert cluster["DeletionProtection"] == {"Ref": "DeletionProtection"}
    assert parameters["DeletionProtection"]["Default"] == "true"


def test_the_data_are_encrypted(cluster: dict[str, Any]) -> None:
    """On disk, and with them every backup and snapshot."""
    assert cluster["StorageEncrypted"] is True


def test_the_server_takes_tls_only(cluster: dict[str, Any], proxy: dict[str, Any]) -> None:
    """Both proxy and cluster.

    Proves: ASVS 12.1.1, 12.3.1
    """
    (group,) = of_type("AWS::RDS::DBClusterParameterGroup").values()

    assert cluster["DBClusterParameterGroupName"] == {"Ref": "ClusterParameters"}
    assert group["Parameters"]["rds.force_ssl"] == "1"
    assert proxy["RequireTLS"] is True


def test_the_log_quotes_no_row() -> None:
    """Errors' details and slow statements' parameters contain customers' data.

    Proves: ASVS 16.2.5
    """
    (group,) = of_type("AWS::RDS::DBClusterParameterGroup").values()

    assert group["Parameters"]["log_error_verbosity"] == "terse"
    assert "log_min_duration_statement" not in group["Parameters"]
    assert group["Family"] == "aurora-postgresql17"


def test_no_password_of_the_owner_is_in_the_template(cluster: dict[str, Any]) -> None:
    """RDS makes it, stores it in Secrets Manager, and changes it."""
    assert cluster["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in cluster


def test_functions_have_no_password(cluster: dict[str, Any], proxy: dict[str, Any]) -> None:
    """They log in through IAM, at the proxy and behind it.

    Proves: ASVS 13.2.1
    """
    assert cluster["EnableIAMDatabaseAuthentication"] is True
    assert proxy["DefaultAuthScheme"] == "IAM_AUTH"
    assert "Auth" not in proxy


def test_the_proxy_signs_in_as_roles_of_functions_alone(cluster: dict[str, Any]) -> None:
    """Its policy only covers the roles' names, which the owner's is not like."""
    role = of_type("AWS::IAM::Role")["ProxyRole"]
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert statement["Action"] == "rds-db:connect"
    assert statement["Resource"]["Fn::Sub"].endswith(
        ":dbuser:${Cluster.DBClusterResourceId}/holdfast_*"
    )
    owner = cluster["MasterUsername"]["Fn::If"][2]
    assert not owner.startswith("holdfast_")


def test_a_crowd_is_refused_soon() -> None:
    """A function that gets no connection learns it before its own time is over."""
    (targets,) = of_type("AWS::RDS::DBProxyTargetGroup").values()
    pool = targets["ConnectionPoolConfigurationInfo"]

    assert pool["ConnectionBorrowTimeout"] <= 5
    assert pool["MaxConnectionsPercent"] <= 90


def test_nothing_is_public() -> None:
    """No instance has a public address, and no subnet assigns one."""
    instances = of_type("AWS::RDS::DBInstance").values()
    subnets = of_type("AWS::EC2::Subnet").values()

    assert {instance["PubliclyAccessible"] for instance in instances} == {False}
    assert {subnet["MapPublicIpOnLaunch"] for subnet in subnets} == {False}


def test_the_database_is_in_private_subnets() -> None:
    """Their way out is a NAT gateway, which lets no one in."""
    (group,) = of_type("AWS::RDS::DBSubnetGroup").values()
    private = {
        association["SubnetId"]["Ref"]: association["RouteTableId"]["Ref"]
        for association in of_type("AWS::EC2::SubnetRouteTableAssociation").values()
    }
    to_the_world = {
        route["RouteTableId"]["Ref"]
        for route in of_type("AWS::EC2::Route").values()
        if "GatewayId" in route
    }

    for subnet in group["SubnetIds"]:
        assert private[subnet["Ref"]] not in to_the_world


def test_only_the_proxy_and_the_migration_reach_the_cluster() -> None:
    """And only functions reach the proxy; no address is let in.

    Proves: ASVS 13.2.2
    """
    let_in = {
        (rule["GroupId"]["Ref"], rule["SourceSecurityGroupId"]["Ref"], rule["ToPort"])
        for rule in of_type("AWS::EC2::SecurityGroupIngress").values()
    }

    assert let_in == {
        ("ClusterGroup", "ProxyGroup", 5432),
        ("ClusterGroup", "MigrateGroup", 5432),
        ("ProxyGroup", "FunctionGroup", 5432),
    }
    for group in of_type("AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group
        assert group["SecurityGroupEgress"]  # an empty one would mean everywhere


def test_functions_reach_https_and_the_proxy_alone() -> None:
    """An attacker inside a function cannot scan the network.

    Proves: ASVS 13.2.4, 13.2.5
    """
    group = of_type("AWS::EC2::SecurityGroup")["FunctionGroup"]
    reached = {
        (rule.get("CidrIp") or rule["DestinationSecurityGroupId"]["Ref"], rule["ToPort"])
        for rule in group["SecurityGroupEgress"]
    }

    assert reached == {("0.0.0.0/0", 443), ("ProxyGroup", 5432)}


def test_endpoints_lead_to_our_own_data_only() -> None:
    """Their policies name the resources that are meant."""
    for endpoint in of_type("AWS::EC2::VPCEndpoint").values():
        for statement in endpoint["PolicyDocument"]["Statement"]:
            assert "*" not in statement["Action"]
            assert statement["Resource"] != "*"


def test_logs_end() -> None:
    """Every log group has a retention."""
    for group in of_type("AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
