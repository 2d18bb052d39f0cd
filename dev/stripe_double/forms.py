"""Form bodies and query strings in Stripe's bracket encoding.

`a[b][c]=1` nests, `a[0]=1` and `a[]=1` make arrays. Arrays come out as mappings from position to
value, because only the parameter's type tells an array from a mapping with numeric keys
(`metadata[0]=x`); `parameters` decides. Values stay text: `a=null` is the word "null".
"""

import re
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from dev.stripe_double.messages import invalid

Tree: TypeAlias = "str | dict[str, Tree]"

MAX_FIELDS = 1000
MAX_DEPTH = 10
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> dict[str, Tree]:
    """Read `application/x-www-form-urlencoded` text.

    Raises ApiError (400) for names that are not well formed, for a name that is both a value and
    a container, for bytes that are not UTF-8, and for too many or too deep fields.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise invalid("Invalid request: parameters must be UTF-8.", None) from None
    except ValueError:
        raise invalid(f"Invalid request: more than {MAX_FIELDS} parameters.", None) from None
    root: dict[str, Tree] = {}
    for name, value in pairs:
        _place(root, name, value)
    return root


def _place(root: dict[str, Tree], name: str, value: str) -> None:
    match = _NAME.fullmatch(name)
    if not match:
        raise invalid(f"Invalid parameter name: {name}", name)
    keys = [match[1], *_BRACKET.findall(match[2])]
    if len(keys) > MAX_DEPTH:
        raise invalid(f"Invalid parameter name: {name}", name)
    node = root
    for depth, key in enumerate(keys[:-1]):
        position = key or _open_position(node, keys[depth + 1 :])
        child = node.get(position, "")
        if isinstance(child, str):
            # An empty value means "unset", so `a=&a[b]=1` is `a[b]=1`; `a=1&a[b]=1` is nonsense.
            if child:
                raise invalid(f"Invalid object: {name}", name)
            child = node[position] = {}
        node = child
    last = keys[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        if value:
            raise invalid(f"Invalid object: {name}", name)
        return
    node[last] = value


def _open_position(node: Mapping[str, Tree], rest: list[str]) -> str:
    """Where `a[][b]` belongs: the last element, unless that already has this field."""
    if not node:
        return "0"
    last: Tree = node.get(str(len(node) - 1), "")
    for key in rest:
        if not isinstance(last, dict) or key not in last:
            return str(len(node) - 1) if isinstance(last, dict) else str(len(node))
        last = last[key]
    return str(len(node))
