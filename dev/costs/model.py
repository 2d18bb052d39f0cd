"""What a deployment costs: every resource of the templates, priced or free for a reason.

Reads template.yaml and what it nests, as CloudFormation would with the parameters of a size, so
that a changed setting is a changed figure. Prices, use and durations are files beside this one.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dev.cloudformation.intrinsics import ACCOUNT, REGION, Resolver, parse

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "layers" / "core"))

from holdfast.platform.observability import METRICS  # noqa: E402  as the layer is in the cloud

HOURS = 730  # of a month
_FULL_MEMORY = 1769  # MB at which Lambda gives a whole processor
_GIB = 2**30
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A part of the bill in USD: of a month without a customer, and of 1,000 bookings."""

    service: str
    month: float = 0.0
    bookings: float = 0.0


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a template; its properties are evaluated when they are asked for."""

    logical_id: str
    type: str
    properties: Table
    resolver: Resolver

    def get(self, name: str, default: Any = None) -> Any:
        return self.resolver.resolve(self.properties.get(name, default))


@dataclass(frozen=True)
class Books:
    """The data besides the templates: prices, use, measured durations."""

    prices: Table
    workload: Table
    durations: Table

    def usd(self, name: str) -> float:
        return float(self.prices["price"][name]["usd"])

    def each(self, name: str) -> float:
        return float(self.workload["each"][name])

    def calls(self, function: str) -> float:
        """Invocations for 1,000 bookings."""
        return 1000 * float(self.workload["calls"].get(function, 0))

    def seconds(self, function: str, memory: int) -> float:
        """How long an invocation is billed for: with less memory work is slower, but waits stay the
        same.

        Raises:
            KeyError: the function was never measured.
        """
        local = float(self.durations["milliseconds"][function]) * max(1, _FULL_MEMORY / memory)
        waits = self.workload["waits"]
        return float(local + waits.get(function, 0) + waits["network"]) / 1000


@cache
def books() -> Books:
    """The files beside this one."""
    read = [
        tomllib.loads((ROOT / "dev" / "costs" / name).read_text(encoding="utf-8"))
        for name in ("prices.toml", "workload.toml", "durations.toml")
    ]
    return Books(*read)


def resources(
    parameters: Mapping[str, str], path: Path = ROOT / "template.yaml"
) -> Iterator[Resource]:
    """Everything that a deployment with these parameters makes, nested templates included.

    Parameters without a value or default stand for themselves.
    """
    document = _parsed(path.read_text(encoding="utf-8"))
    declared: Table = document.get("Parameters") or {}
    values = {name: name for name, about in declared.items() if "Default" not in about}
    values |= parameters
    resolver = Resolver(document, values, reference=str, attribute=_attribute)
    shared = (document.get("Globals") or {}).get("Function") or {}
    for logical_id, described in document["Resources"].items():
        if "Condition" in described and not resolver.condition(described["Condition"]):
            continue
        kind, properties = described["Type"], described.get("Properties") or {}
        if kind == "AWS::Serverless::Function":
            properties = shared | properties
        resource = Resource(logical_id, kind, properties, resolver)
        yield resource
        if kind == "AWS::CloudFormation::Stack":
            given = {name: str(value) for name, value in resource.get("Parameters", {}).items()}
            yield from resources(given, path.parent / resource.get("TemplateURL"))


_parsed = cache(parse)  # a second's work, for each doubling


def lines(size: Table, known: Books, path: Path = ROOT / "template.yaml") -> list[Line]:
    """The bill of a size of `workload.toml`, a line for each service.

    Raises:
        KeyError: a resource is neither priced nor said to be free; its type is in the error.
    """
    parts: list[Line] = []
    for resource in resources(size["parameters"], path):
        if resource.type in PRICED:
            parts += PRICED[resource.type](resource, known, size)
        else:
            assert known.prices["free"][resource.type]
    parts += _outside(size, known)
    services = dict.fromkeys(part.service for part in parts)
    return [
        Line(
            name,
            sum(part.month for part in parts if part.service == name),
            sum(part.bookings for part in parts if part.service == name),
        )
        for name in sorted(services)
    ]


def turns(resource: Resource) -> int:
    """How often schedules call a function in a month."""
    total = 0
    for event in resource.properties.get("Events", {}).values():
        if event["Type"] == "ScheduleV2":
            expression = resource.resolver.resolve(event["Properties"])["ScheduleExpression"]
            match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
            if match is None:
                raise ValueError(f"{resource.logical_id}: {expression} is no rate")
            total += HOURS * 60 // (int(match[1]) * _MINUTES[match[2]])
    return total


def _attribute(logical_id: str, attribute: str) -> str:
    return f"arn:aws:local:{REGION}:{ACCOUNT}:{logical_id}/{attribute}"


def _function(resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    name = resource.logical_id.removesuffix("Function")
    memory, idle, calls = int(resource.get("MemorySize")), turns(resource), known.calls(name)
    gb = memory / 1024
    one = known.seconds(name, memory) * gb * known.usd("lambda_gb_second")
    one += known.usd("lambda_request")
    # a start is processor work: with half the memory it takes twice as long, and costs the same
    start = known.each("cold_seconds") / 2 * known.usd("lambda_gb_second")
    cold = known.each("cold_share")
    snapshot = (resource.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions"
    if snapshot:
        start = known.each("snap_restore_seconds") * gb * known.usd("lambda_gb_second")
        kept = gb * HOURS * 3600 * known.usd("snapstart_cache_gb_second")
        yield Line("Lambda, snapshots", kept, calls * cold * gb * known.usd("snapstart_restore_gb"))
    yield Line("Lambda", idle * one, calls * (one + cold * start))
    yield Line("Scheduler", idle * known.usd("scheduler_invocation"))
    secrets = 2 * cold * known.usd("secret_call")
    yield Line("Secrets Manager", 0, calls * secrets)
    told = known.durations["log_bytes"].get(name, 0) + known.each("platform_log_bytes")
    written = told / _GIB * _log_gb(known)
    yield Line("CloudWatch, logs", idle * written, calls * written)
    if resource.get("Tracing") == "Active":
        traced = known.usd("trace")
        yield Line(
            "X-Ray",
            idle * known.each("idle_traced_share") * traced,
            calls * known.each("traced_share") * traced,
        )


def _log_gb(known: Books) -> float:
    """A GB of logs, ingested and kept for a month."""
    return known.usd("log_gb") + known.each("kept_compressed") * known.usd("log_gb_month")


def _api(resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    silent = {"Webhook", "Migrate"}  # a function URL, and a custom resource
    requests = sum(known.calls(name) for name in known.workload["calls"] if name not in silent)
    yield Line("API Gateway", 0, requests * known.usd("http_api_request"))
    sent = 1000 * known.each("answer_bytes") / _GIB * known.usd("internet_gb")
    yield Line("Traffic to clients", 0, sent)
    if "AccessLogSettings" in resource.properties:
        told = requests * known.each("access_line_bytes") / _GIB * _log_gb(known)
        yield Line("CloudWatch, logs", 0, told)


def _table(resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    units = 1000 * known.each("posts") * known.each("dynamodb_writes")
    gb = 1000 * known.each("posts") * 4096 / _GIB / 30  # kept for a day
    kept = known.usd("dynamodb_gb_month")
    recovery = resource.get("PointInTimeRecoverySpecification", {})
    if recovery.get("PointInTimeRecoveryEnabled"):
        kept += known.usd("dynamodb_backup_gb_month")
    yield Line("DynamoDB", 0, units * known.usd("dynamodb_write") + gb * kept)


def _alarm(resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    asked = [one for one in resource.properties.get("Metrics", [{}]) if "Expression" not in one]
    yield Line("CloudWatch, alarms", len(asked) * known.usd("alarm_metric_month"))


def _instance(resource: Resource, known: Books, size: Table) -> Iterator[Line]:
    yield Line(
        "Aurora, capacity", _capacity(resource, size) * HOURS * known.usd("capacity_unit_hour")
    )


def _capacity(resource: Resource, size: Table) -> float:
    """Units of an instance, on average: never less than the least."""
    least = resource.resolver.resolve({"Ref": "MinCapacity"})
    return max(float(least), float(size["capacity"]))


def _cluster(_resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    grown = 1000 * known.each("database_bytes") / _GIB * known.usd("aurora_gb_month")
    moved = 1000 * known.each("database_io") * known.usd("aurora_io")
    least = known.each("database_gb") * known.usd("aurora_gb_month")
    yield Line("Aurora, storage", least, grown + moved)


def _proxy(resource: Resource, known: Books, size: Table) -> Iterator[Line]:
    standby = resource.resolver.condition("HasStandby")
    units = max(8.0, _capacity(resource, size) * (2 if standby else 1))
    yield Line("RDS Proxy", units * HOURS * known.usd("proxy_unit_hour"))


def _nat(_resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    yield Line("NAT gateways", HOURS * known.usd("nat_hour"))


def _address(_resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    yield Line("NAT gateways", HOURS * known.usd("address_hour"))


def _network(_resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    yield Line("NAT gateways", 0, 1000 * known.each("nat_bytes") / _GIB * known.usd("nat_gb"))


def _secret(_resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    yield Line("Secrets Manager", known.usd("secret_month"))


def _key(_resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    yield Line("KMS", known.usd("key_month"))


def _dashboard(_resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    yield Line("CloudWatch, dashboard", known.usd("dashboard_month"))


def _distribution(_resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    requests = 1000 * known.each("page_requests")
    sent = 1000 * known.each("page_bytes") / _GIB * known.usd("page_gb")
    yield Line("CloudFront", 0, requests * known.usd("page_request") + sent)


def _page_function(_resource: Resource, known: Books, _size: Table) -> Iterator[Line]:
    calls = 1000 * known.each("page_requests")
    yield Line("CloudFront", 0, calls * known.usd("page_function_call"))


def _outside(size: Table, known: Books) -> Iterator[Line]:
    """What is paid for and in no template: metrics, secrets made by hand or by RDS, a database."""
    yield Line("CloudWatch, metrics", len(METRICS) * known.usd("metric_month"))
    yield Line("Secrets Manager", 4 * known.usd("secret_month"))
    if size["parameters"]["CreateDatabase"] == "no":
        yield Line("Your database", known.usd("brought_month"))


PRICED: Mapping[str, Callable[[Resource, Books, Table], Iterator[Line]]] = {
    "AWS::CloudFront::Distribution": _distribution,
    "AWS::CloudFront::Function": _page_function,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::EIP": _address,
    "AWS::EC2::NatGateway": _nat,
    "AWS::EC2::VPC": _network,
    "AWS::KMS::Key": _key,
    "AWS::RDS::DBCluster": _cluster,
    "AWS::RDS::DBInstance": _instance,
    "AWS::RDS::DBProxy": _proxy,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::Serverless::Function": _function,
    "AWS::Serverless::HttpApi": _api,
}
