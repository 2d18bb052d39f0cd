"""The HTTP API as it is deployed."""

import json

from tests.template.expansion import ROOT, Expanded

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}

# What an access log may contain: nothing of the caller, and no path, which may be a secret.
LOGGED = {
    "$context.requestId",
    "$context.requestTime",
    "$context.routeKey",
    "$context.status",
    "$context.responseLength",
    "$context.responseLatency",
    "$context.integrationLatency",
    "$context.integrationStatus",
    "$context.error.responseType",
}


def test_routes_are_those_of_the_description(either: Expanded) -> None:
    """The documented routes are the deployed ones.

    Proves: API9:2023
    """
    described = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))["paths"]
    deployed = either.of_type("AWS::ApiGatewayV2::Api")["Api"]["Body"]["paths"]

    heads = {("head", path) for method, path in _operations(described) if method == "get"}

    assert _operations(deployed) == _operations(described) | heads


def _operations(paths: dict[str, dict[str, object]]) -> set[tuple[str, str]]:
    return {(method, path) for path, item in paths.items() for method in METHODS & item.keys()}


def test_access_log_says_nothing_personal(either: Expanded) -> None:
    """One JSON object per request, of the listed facts, under the names in our own logs.

    Proves: ASVS 16.2.1, 16.2.4, 16.2.5
    """
    stage = either.of_type("AWS::ApiGatewayV2::Stage")["ApiApiGatewayDefaultStage"]
    line = json.loads(stage["AccessLogSettings"]["Format"])

    assert stage["AccessLogSettings"]["DestinationArn"] == "-> ApiLogs.Arn"
    assert set(line.values()) == LOGGED
    assert line["request_id"] == "$context.requestId"


def test_every_route_is_throttled(either: Expanded) -> None:
    """The rate is a parameter, and no route has its own.

    Proves: ASVS 2.4.1, API4:2023
    """
    stage = either.of_type("AWS::ApiGatewayV2::Stage")["ApiApiGatewayDefaultStage"]

    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": "100",
        "ThrottlingBurstLimit": "200",
    }
    assert "RouteSettings" not in stage


def test_functions_get_the_format_they_read(either: Expanded) -> None:
    """Payload format 2.0, which the handlers and the local gateway speak."""
    paths = either.of_type("AWS::ApiGatewayV2::Api")["Api"]["Body"]["paths"]
    formats = {
        operation["x-amazon-apigateway-integration"]["payloadFormatVersion"]
        for item in paths.values()
        for method, operation in item.items()
        if method in METHODS
    }

    assert formats == {"2.0"}
