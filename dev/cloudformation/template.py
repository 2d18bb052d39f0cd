"""template.yaml as the local stack needs it: functions, routes, addresses, schedules, tables,
and the headers of the booking page.

The template is the only list of what exists. Whatever the stack would have to ignore to run a
function (an authoriser, an unknown event source) is an error here, not a silent difference.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.cloudformation.intrinsics import ACCOUNT, REGION, Resolver, TemplateError, parse

__all__ = ["Cors", "Function", "Route", "Schedule", "Template", "TemplateError", "load"]


@dataclass(frozen=True, slots=True)
class Cors:
    """CorsConfiguration of an HTTP API or Cors of a function URL; `max_age` in seconds."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A route key of the HTTP API, and the logical id of the function behind it."""

    method: str  # an HTTP method, or ANY
    path: str  # "/v1/holds/{hold_id}", "/{proxy+}" or "$default"
    function: str

    @property
    def key(self) -> str:
        """The route key, as the event's `routeKey` shows it."""
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A ScheduleV2 event: expression, time zone (IANA), and the input text if one is set."""

    name: str
    function: str
    expression: str
    timezone: str
    input: str | None


@dataclass(frozen=True, slots=True)
class Function:
    """One AWS::Serverless::Function; `timeout` in seconds, `memory` in MiB."""

    logical_id: str
    code: Path  # relative to the template's folder
    handler: str
    timeout: int
    memory: int
    environment: Mapping[str, str]
    reserved_concurrency: int | None
    has_url: bool
    url_cors: Cors | None

    @property
    def name(self) -> str:
        """The folder's name: what people call it."""
        return self.code.name

    @property
    def arn(self) -> str:
        """The ARN a deployed function of that logical id would have."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.logical_id}"


@dataclass(frozen=True, slots=True)
class Template:
    """What exists."""

    functions: Mapping[str, Function]  # by logical id
    routes: tuple[Route, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # name → properties
    cors: Cors | None = None
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of pages, by policy

    def function(self, name: str) -> Function | None:
        """A function by logical id, folder name or ARN."""
        last = name.rsplit(":", 1)[-1]
        if last in self.functions:
            return self.functions[last]
        return next((each for each in self.functions.values() if each.name == last), None)


def load(path: Path, parameters: Mapping[str, str] | None = None) -> Template:
    """Read a SAM template. Raises TemplateError for what the local stack cannot do."""
    document = parse(path.read_text(encoding="utf-8"))
    values = _stand_ins(document) | dict(parameters or {})
    resolver = Resolver(document, values, reference=str, attribute=_attribute)
    shared = document.get("Globals") or {}
    defaults = shared.get("Function") or {}
    functions: dict[str, Function] = {}
    routes: list[Route] = []
    schedules: list[Schedule] = []
    tables: dict[str, Mapping[str, Any]] = {}
    cors: Cors | None = None
    headers: dict[str, Mapping[str, str]] = {}
    for logical_id, resource in (document.get("Resources") or {}).items():
        if "Condition" in resource and not resolver.condition(resource["Condition"]):
            continue
        properties = resource.get("Properties") or {}
        match resource.get("Type"):
            case "AWS::Serverless::Function":
                merged = resolver.resolve(_merge(defaults, properties))
                functions[logical_id] = _function(logical_id, merged)
                for event_name, event in (merged.get("Events") or {}).items():
                    found = _event(logical_id, event_name, event)
                    if isinstance(found, Route):
                        routes.append(found)
                    elif found is not None:
                        schedules.append(found)
            case "AWS::Serverless::HttpApi":
                settings = resolver.resolve(_merge(shared.get("HttpApi") or {}, properties))
                if "Auth" in settings:
                    raise TemplateError(f"{logical_id}: authorisers are not supported locally")
                cors = _api_cors(settings.get("CorsConfiguration"))
            case "AWS::DynamoDB::Table":
                table = resolver.resolve(properties)
                tables[table.get("TableName", logical_id)] = table
            case "AWS::CloudFront::ResponseHeadersPolicy":
                headers[logical_id] = _headers(resolver.resolve(properties))
    keys = [route.key for route in routes]
    if doubled := {key for key in keys if keys.count(key) > 1}:
        raise TemplateError(f"routes declared twice: {', '.join(sorted(doubled))}")
    return Template(functions, tuple(routes), tuple(schedules), tables, cors, headers)


def _stand_ins(document: Mapping[str, Any]) -> dict[str, str]:
    """Values for parameters without a default, which only a deployment knows, such as a secret's
    ARN.
    """
    declared: Mapping[str, Any] = document.get("Parameters") or {}
    return {
        name: f"arn:aws:local:{REGION}:{ACCOUNT}:{name}"
        for name, declaration in declared.items()
        if "Default" not in declaration
    }


def _attribute(logical_id: str, attribute: str) -> str:
    """A stable stand-in for an attribute that only a deployment knows."""
    return f"arn:aws:local:{REGION}:{ACCOUNT}:{logical_id}/{attribute}"


def _merge(defaults: Any, own: Any) -> Any:
    """Globals as SAM merges them: mappings are merged, lists are joined, the rest is replaced."""
    if isinstance(defaults, dict) and isinstance(own, dict) and not _is_intrinsic(own):
        merged = dict(defaults)
        for key, value in own.items():
            merged[key] = _merge(defaults[key], value) if key in defaults else value
        return merged
    if isinstance(defaults, list) and isinstance(own, list):
        return [*defaults, *own]
    return own


def _is_intrinsic(node: dict[str, Any]) -> bool:
    return len(node) == 1 and next(iter(node)).startswith(("Ref", "Fn::"))


def _function(logical_id: str, properties: Mapping[str, Any]) -> Function:
    code = properties.get("CodeUri")
    if not isinstance(code, str):
        raise TemplateError(f"{logical_id}: CodeUri must be a folder of the checkout")
    if properties.get("PackageType", "Zip") != "Zip":
        raise TemplateError(f"{logical_id}: only zip packages run locally")
    variables = (properties.get("Environment") or {}).get("Variables") or {}
    url = properties.get("FunctionUrlConfig")
    if url is not None and url.get("AuthType") != "NONE":
        raise TemplateError(f"{logical_id}: only function URLs with AuthType NONE run locally")
    reserved = properties.get("ReservedConcurrentExecutions")
    return Function(
        logical_id=logical_id,
        code=Path(code),
        handler=str(properties.get("Handler", "app.lambda_handler")),
        timeout=int(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        environment={key: _text(value) for key, value in variables.items()},
        reserved_concurrency=None if reserved is None else int(reserved),
        has_url=url is not None,
        url_cors=_url_cors(url.get("Cors")) if url else None,
    )


def _event(logical_id: str, name: str, event: Mapping[str, Any]) -> Route | Schedule | None:
    properties = event.get("Properties") or {}
    match event.get("Type"):
        case "HttpApi":
            if "Auth" in properties:
                raise TemplateError(f"{logical_id}.{name}: authorisers are not supported locally")
            if str(properties.get("PayloadFormatVersion", "2.0")) != "2.0":
                raise TemplateError(f"{logical_id}.{name}: only payload format 2.0 runs locally")
            path = str(properties.get("Path", "$default"))
            return Route(str(properties.get("Method", "ANY")).upper(), path, logical_id)
        case "ScheduleV2" | "Schedule":
            if properties.get("State", "ENABLED") == "DISABLED":
                return None
            return Schedule(
                name=f"{logical_id}{name}",
                function=logical_id,
                expression=str(properties.get("ScheduleExpression")),
                timezone=str(properties.get("ScheduleExpressionTimezone", "UTC")),
                input=None if "Input" not in properties else str(properties["Input"]),
            )
    raise TemplateError(f"{logical_id}.{name}: events of type {event.get('Type')} don't run here")


def _api_cors(settings: Any) -> Cors | None:
    if settings is None or settings is False:
        return None
    if settings is True:
        return Cors(allow_origins=("*",))
    if not isinstance(settings, dict):
        raise TemplateError("CorsConfiguration must be a mapping or true")
    return Cors(
        allow_origins=_words(settings.get("AllowOrigins")),
        allow_methods=_words(settings.get("AllowMethods")),
        allow_headers=_words(settings.get("AllowHeaders")),
        expose_headers=_words(settings.get("ExposeHeaders")),
        max_age=None if settings.get("MaxAge") is None else int(settings["MaxAge"]),
        allow_credentials=_text(settings.get("AllowCredentials", False)) == "true",
    )


def _url_cors(settings: Any) -> Cors | None:
    # the property names of AWS::Lambda::Url are those of the HTTP API
    return None if settings is None else _api_cors(settings)


def _headers(properties: Mapping[str, Any]) -> dict[str, str]:
    """What a response headers policy adds, names in lower case. HSTS is left to the cloud: there is
    no TLS here."""
    policy = properties["ResponseHeadersPolicyConfig"]
    security = policy.get("SecurityHeadersConfig") or {}
    headers = {}
    if "ContentSecurityPolicy" in security:
        told = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]
        headers["content-security-policy"] = " ".join(str(told).split())
    if "ContentTypeOptions" in security:
        headers["x-content-type-options"] = "nosniff"
    if "ReferrerPolicy" in security:
        headers["referrer-policy"] = str(security["ReferrerPolicy"]["ReferrerPolicy"])
    for item in (policy.get("CustomHeadersConfig") or {}).get("Items") or ():
        headers[str(item["Header"]).lower()] = str(item["Value"])
    return headers


def _words(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value or ())


def _text(value: Any) -> str:
    """An environment variable as CloudFormation writes it: true, not True."""
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str | int | float):
        return str(value)
    raise TemplateError(f"{value!r} cannot be the value of an environment variable")
