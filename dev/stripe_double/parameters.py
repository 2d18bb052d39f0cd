"""Request parameters checked against the SDK's own annotations.

The SDK's `params` TypedDicts are generated from Stripe's OpenAPI description: they say which
parameters exist, their types, and the values of each enum. An unknown parameter is an error here,
as it is at Stripe. Each endpoint's types are imported on first use, so starting stays quick.
"""

import importlib
import sys
import threading
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, get_args, get_origin

import typing_extensions

from dev.stripe_double.forms import Tree
from dev.stripe_double.messages import ApiError, invalid

# The SDK's modules import each other in circles, which several threads at once would break.
_COMPILING = threading.Lock()
_UNIONS = (typing.Union, types.UnionType)
_REQUIRED: tuple[object, ...] = (typing.Required, typing_extensions.Required)
_NOT_REQUIRED: tuple[object, ...] = (typing.NotRequired, typing_extensions.NotRequired)


@dataclass(frozen=True)
class Scalar:
    """A leaf: text, integer, boolean, decimal, or one of `choices`."""

    type: type
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Items:
    """An array of one type."""

    item: "Rule"


@dataclass(frozen=True)
class Entries:
    """A mapping with free keys, such as metadata."""


@dataclass(frozen=True)
class Fields:
    """An object with known fields: name to (required, rule)."""

    fields: Mapping[str, "tuple[bool, Rule]"]


@dataclass(frozen=True)
class Rule:
    """What a parameter may be: a scalar, a container, or either; `clearable` if empty unsets it."""

    scalar: Scalar | None = None
    container: Items | Entries | Fields | None = None
    clearable: bool = False


def check(typed_dict: str, tree: Mapping[str, Tree]) -> dict[str, Any]:
    """Turn decoded form text into typed values; None stands for "unset this" (an empty value).

    `typed_dict` is "module:Name" below `stripe.params`. Raises ApiError 400 with code
    `parameter_unknown`, `parameter_missing`, `parameter_invalid_empty`,
    `parameter_invalid_integer`, or none, as Stripe does.
    """
    return _check_fields(_fields(typed_dict), tree, "")


def _fields(typed_dict: str) -> Fields:
    with _COMPILING:
        return _compiled(typed_dict)


@cache
def _compiled(typed_dict: str) -> Fields:
    module, _, name = typed_dict.partition(":")
    cls = getattr(importlib.import_module(f"stripe.params.{module}"), name)
    return _compile_fields(cls)


def _compile_fields(cls: type) -> Fields:
    """Compile a TypedDict, without the request options that the SDK mixes in.

    Source: `stripe._request_options.RequestOptions` is the base of every params type.
    """
    options = importlib.import_module("stripe._request_options").RequestOptions
    hidden = set() if cls is options else set(options.__annotations__)
    namespace = {
        **vars(sys.modules[options.__module__]),
        **vars(sys.modules[cls.__module__]),
        "StripeContext": str,
        "UntypedStripeObject": dict,  # not subscriptable in older Pythons; a mapping either way
    }
    hints = typing_extensions.get_type_hints(cls, globalns=namespace, include_extras=True)
    fields = {}
    for name, hint in hints.items():
        if name in hidden:
            continue
        required = name in getattr(cls, "__required_keys__", ())
        while get_origin(hint) in (*_REQUIRED, *_NOT_REQUIRED):
            required = get_origin(hint) in _REQUIRED
            hint = get_args(hint)[0]  # noqa: PLW2901 - peeling
        fields[name] = (required, _compile(hint))
    return Fields(fields)


def _compile(hint: Any) -> Rule:
    members = get_args(hint) if get_origin(hint) in _UNIONS else (hint,)
    choices: list[str] = []
    scalar: type | None = None
    container: Items | Entries | Fields | None = None
    for member in members:
        origin = get_origin(member)
        if origin in (typing.Literal, typing_extensions.Literal):
            choices.extend(get_args(member))
        elif origin is list:
            container = Items(_compile(get_args(member)[0]))
        elif origin is dict or member is dict:
            container = Entries()
        elif typing_extensions.is_typeddict(member):
            container = _compile_fields(member)
        elif member in (str, int, bool, float, Decimal):
            # Every enum is `Literal[…] | str` in the SDK; a wider scalar beside text wins.
            scalar = member if scalar is None or scalar is str else scalar
        elif member is not type(None):
            raise TypeError(f"the SDK uses an annotation this double cannot read: {member!r}")
    clearable = "" in choices
    named = tuple(choice for choice in choices if choice)
    if named:
        scalar = str
    return Rule(Scalar(scalar, named) if scalar else None, container, clearable)


def _check(rule: Rule, value: Tree, path: str) -> Any:
    if value == "":
        if rule.clearable or isinstance(rule.container, Entries):
            return None
        raise invalid(
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to"
            f" unset a parameter; however '{path}' cannot be unset. You should remove '{path}'"
            " from your request or supply a non-empty value.",
            path,
            "parameter_invalid_empty",
        )
    if isinstance(value, str):
        if rule.scalar is None:
            kind = "array" if isinstance(rule.container, Items) else "object"
            raise invalid(f"Invalid {kind}", path)
        return _check_scalar(rule.scalar, value, path)
    match rule.container:
        case Fields():
            return _check_fields(rule.container, value, path)
        case Items(item):
            return _check_items(item, value, path)
        case Entries():
            return _check_entries(value, path)
        case None:
            raise invalid("Invalid string: a nested object was given", path)


def _check_scalar(scalar: Scalar, value: str, path: str) -> Any:
    if scalar.choices:
        if value not in scalar.choices:
            raise invalid(f"Invalid {path}: must be one of {_either(scalar.choices)}", path)
        return value
    if scalar.type is int:
        if not value.removeprefix("-").isascii() or not value.removeprefix("-").isdigit():
            raise invalid(f"Invalid integer: {value}", path, "parameter_invalid_integer")
        return int(value)
    if scalar.type is bool:
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", path)
        return value == "true"
    if scalar.type in (Decimal, float):
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise invalid(f"Invalid decimal: {value}", path) from None
        return number if scalar.type is Decimal else float(number)
    return value


def _check_items(item: Rule, value: Mapping[str, Tree], path: str) -> list[Any]:
    if not all(key.isascii() and key.isdigit() for key in value):
        raise invalid("Invalid array", path)
    ordered = sorted(value.items(), key=lambda entry: int(entry[0]))
    return [_check(item, element, f"{path}[{index}]") for index, element in ordered]


def _check_entries(value: Mapping[str, Tree], path: str) -> dict[str, str]:
    """Metadata: at most 50 keys of 40 characters with values of 500; an empty value unsets."""
    entries = {}
    for key, text in value.items():
        where = f"{path}[{key}]"
        if not isinstance(text, str):
            raise invalid(f"Invalid {path}: metadata values must be strings", where)
        if len(key) > 40:
            raise invalid(f"Invalid {path}: keys can have up to 40 characters", where)
        if len(text) > 500:
            raise invalid(f"Invalid {path}: values can have up to 500 characters", where)
        entries[key] = text
    if len(entries) > 50:
        raise invalid(f"Invalid {path}: up to 50 keys are allowed", path)
    return entries


def _check_fields(rule: Fields, value: Mapping[str, Tree], path: str) -> dict[str, Any]:
    unknown = [_join(path, name) for name in value if name not in rule.fields]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        raise ApiError(
            f"Received unknown parameter{plural}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0],
            validation=True,
        )
    checked = {}
    for name, (required, field_rule) in rule.fields.items():
        where = _join(path, name)
        if name in value:
            checked[name] = _check(field_rule, value[name], where)
        elif required:
            raise missing_parameter(where)
    return checked


def missing_parameter(path: str) -> ApiError:
    """A required parameter is absent."""
    return invalid(f"Missing required param: {path}.", path, "parameter_missing")


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _either(choices: tuple[str, ...]) -> str:
    return choices[0] if len(choices) == 1 else ", ".join(choices[:-1]) + f", or {choices[-1]}"
