"""Compare objects with the annotations of the SDK's classes: fields, nullability, enums.

The SDK generates them from Stripe's OpenAPI description, so they are the best oracle of shapes
without calling Stripe.
"""

import ast
import builtins
import decimal
import importlib
import inspect
import sys
import typing
from functools import cache
from typing import Any, get_args, get_origin

from stripe._list_object import ListObject
from stripe._stripe_object import StripeObject, UntypedStripeObject


class _Names(dict[str, Any]):
    """Names as an SDK module means them: its own, and what it imports for type checkers only."""

    def __init__(self, module: str) -> None:
        super().__init__({**vars(typing), **vars(sys.modules[module])})
        self._imported = _imports(module)

    def __missing__(self, name: str) -> Any:
        if name in self._imported:
            module, original = self._imported[name]
            return getattr(importlib.import_module(module), original)
        return getattr(builtins, name)


@cache
def _imports(module: str) -> dict[str, tuple[str, str]]:
    """All `from module import name as alias` of a module, also those under TYPE_CHECKING."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _names(cls: type) -> _Names:
    names = _Names(cls.__module__)
    names.update({name: value for name, value in vars(cls).items() if inspect.isclass(value)})
    return names


@cache
def fields(cls: type) -> dict[str, Any]:
    """The declared fields of an SDK class, with their types."""
    found = {}
    for base in reversed(cls.__mro__):
        if not issubclass(base, StripeObject) or base is StripeObject:
            continue
        for name, hint in inspect.get_annotations(base).items():
            if not name.startswith("_") and name != "OBJECT_NAME":
                found[name] = _resolve(hint, base)
    return found


def _resolve(hint: Any, cls: type) -> Any:
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        return eval(hint, {}, _names(cls))  # the SDK's own annotation
    return hint


def mismatches(body: dict[str, Any], cls: type, path: str = "") -> list[str]:
    """Everything in which `body` differs from what the SDK declares for `cls`."""
    path = path or cls.__name__
    declared = fields(cls)
    errors = [f"{path}.{name}: unknown to the SDK" for name in body if name not in declared]
    for name, hint in declared.items():
        if name in body:
            errors += _check(body[name], hint, cls, f"{path}.{name}")
        elif not _optional(hint):
            errors.append(f"{path}.{name}: missing")
    return errors


def _optional(hint: Any) -> bool:
    return get_origin(hint) is typing.Union and type(None) in get_args(hint)


def _check(value: Any, hint: Any, cls: type, path: str) -> list[str]:
    hint = _resolve(hint, cls)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is typing.Union:
        return _check_union(value, arguments, cls, path)
    if hint is Any:
        return []
    if value is None:
        return [f"{path}: null is not allowed"]
    if origin is typing.Literal:
        return [] if value in arguments else [f"{path}: {value!r} is not one of {arguments[:8]}"]
    if origin is list:
        return _check_items(value, arguments[0], cls, path)
    return _check_plain(value, origin or hint, (cls, *arguments), path)


def _check_items(items: Any, hint: Any, cls: type, path: str) -> list[str]:
    if not isinstance(items, list):
        return [f"{path}: not a list"]
    return [
        error
        for index, item in enumerate(items)
        for error in _check(item, hint, cls, f"{path}[{index}]")
    ]


def _check_plain(value: Any, target: type, context: tuple[Any, ...], path: str) -> list[str]:
    """A value of one class: an object of the SDK's, or a scalar as in JSON.

    `context` is the class that declares it, then the type arguments.
    """
    if issubclass(target, StripeObject):
        return _check_object(value, target, context, path)
    others: dict[type, tuple[type, ...]] = {float: (int, float), decimal.Decimal: (str,)}
    in_json = others.get(target, (target,))
    if not isinstance(value, in_json) or (isinstance(value, bool) and target is not bool):
        return [f"{path}: {value!r} is no {target.__name__}"]
    return []


def _check_union(value: Any, members: tuple[Any, ...], cls: type, path: str) -> list[str]:
    if value is None:
        return [] if type(None) in members else [f"{path}: null is not allowed"]
    choices = [
        name for hint in members for name in get_args(hint) if get_origin(hint) is typing.Literal
    ]
    if choices and isinstance(value, str):
        return [] if value in choices else [f"{path}: {value!r} is not one of {choices[:8]}"]
    trials = [_check(value, hint, cls, path) for hint in members if hint is not type(None)]
    return min(trials, key=len)


def _check_object(value: Any, target: type, context: tuple[Any, ...], path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no {target.__name__}"]
    if target is ListObject:
        if set(value) != {"object", "data", "has_more", "url"}:
            return [f"{path}: not a list object"]
        return _check_items(value["data"], context[1], context[0], f"{path}.data")
    if target is UntypedStripeObject:
        return []
    return mismatches(value, target, path)
