"""template.yaml as CloudFormation gets it: loops written out, SAM's own translator run over it, and
every condition decided for the parameters of one deployment.
"""

import copy
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from dev.cloudformation.intrinsics import REGION, Resolver, parse

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:holdfast/prod/"
SECRETS = {
    "StripeSecretArn": f"{SECRET}stripe-AbCdEf",
    "StripeWebhookSecretArn": f"{SECRET}stripe-webhook-AbCdEf",
    "BookingSecretArn": f"{SECRET}booking-AbCdEf",
}
BROUGHT = {**SECRETS, "Stage": "dev", "DatabaseSecretArn": f"{SECRET}database-AbCdEf"}
CREATED = {
    **SECRETS,
    "Stage": "prod",
    "CreateDatabase": "yes",
    "ReservedConcurrency": "medium",
    "SnapStart": "yes",
    "RollOut": "Canary10Percent5Minutes",
    "ServeBookingPage": "yes",
}

Resource = dict[str, Any]


@dataclass(frozen=True)
class Expanded:
    """The resources of one deployment, by logical id; a reference reads "-> Name.Attribute"."""

    resources: Mapping[str, Resource]

    def of_type(self, kind: str) -> dict[str, Resource]:
        """Properties of every resource of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def functions(self) -> dict[str, Resource]:
        """Properties of every function, by its name without "Function"."""
        return {
            name.removesuffix("Function"): properties
            for name, properties in self.of_type("AWS::Lambda::Function").items()
        }

    def role(self, function: str) -> Resource:
        """Properties of a function's role."""
        told = self.functions()[function]["Role"]
        properties: Resource = self.resources[told.removeprefix("-> ").removesuffix(".Arn")][
            "Properties"
        ]
        return properties

    def statements(self, function: str) -> Iterator[Resource]:
        """Every statement of a function's policies, inline or attached; AWS's own are left out."""
        role = self.role(function)
        for policy in role.get("Policies", ()):
            yield from listed(policy["PolicyDocument"]["Statement"])
        for arn in role["ManagedPolicyArns"]:
            if arn.startswith("-> "):
                policy = self.resources[arn.removeprefix("-> ")]["Properties"]
                yield from listed(policy["PolicyDocument"]["Statement"])

    def boundary(self) -> list[Resource]:
        """Statements of what any function may do at most."""
        policy = self.resources["FunctionBoundary"]["Properties"]
        return listed(policy["PolicyDocument"]["Statement"])

    def all_statements(self) -> Iterator[tuple[str, Resource]]:
        """Every statement of every role and policy of ours, with its resource's name."""
        for name, role in self.of_type("AWS::IAM::Role").items():
            for policy in role.get("Policies", ()):
                for statement in listed(policy["PolicyDocument"]["Statement"]):
                    yield name, statement
        for name, policy in self.of_type("AWS::IAM::ManagedPolicy").items():
            for statement in listed(policy["PolicyDocument"]["Statement"]):
                yield name, statement

    def grants(self, function: str) -> set[tuple[str, str]]:
        """What a function's own policies allow: (action, resource)."""
        return {
            (action, resource)
            for statement in self.statements(function)
            for action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
        }


def listed(value: Any) -> list[Any]:
    """A single value or a list, as a list."""
    return value if isinstance(value, list) else [value]


def document(path: Path = TEMPLATE) -> dict[str, Any]:
    """The template as data, loops written out, folders uploaded as `sam package` does it."""
    return copy.deepcopy(_read(path))


@functools.cache
def _read(path: Path) -> dict[str, Any]:
    source = parse(path.read_text(encoding="utf-8"))
    for resource in source["Resources"].values():
        properties = resource.get("Properties", {})
        for key in ("CodeUri", "ContentUri"):
            if key in properties:
                properties[key] = f"s3://packages/{properties[key].strip('/')}"
    return source


def translate(source: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """What SAM's transform makes of a template. Raises its InvalidDocumentException."""
    values = {
        name: parameters.get(name, declared.get("Default"))
        for name, declared in source["Parameters"].items()
    }
    session = boto3.Session(region_name=REGION)
    translator = Translator({}, Parser(), boto_session=session)
    translated: dict[str, Any] = translator.translate(copy.deepcopy(source), values)
    return translated


def expand(parameters: Mapping[str, str], path: Path = TEMPLATE) -> Expanded:
    """The resources of a deployment with these parameters."""
    translated = translate(document(path), parameters)
    resolver = Resolver(
        translated, parameters, reference="-> {}".format, attribute="-> {}.{}".format
    )
    return Expanded(
        {
            name: resolver.resolve({k: v for k, v in resource.items() if k != "Condition"})
            for name, resource in translated["Resources"].items()
            if "Condition" not in resource or resolver.condition(resource["Condition"])
        }
    )
