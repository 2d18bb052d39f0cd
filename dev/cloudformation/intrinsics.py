"""CloudFormation's intrinsic functions, as far as a SAM application uses them.

Source: the AWS CloudFormation user guide, "Intrinsic function reference". What is not here fails
loudly: a template that means one thing in the cloud must not mean another on a laptop.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

REGION = "us-east-1"
ACCOUNT = "000000000000"
PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "holdfast-local",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/holdfast-local/local",
    "AWS::URLSuffix": "amazonaws.com",
}

NO_VALUE = object()  # what AWS::NoValue becomes until the property that holds it is dropped

_LOOP = "Fn::ForEach::"
_SECTIONS_WITH_LOOPS = ("Conditions", "Resources", "Outputs")
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


class TemplateError(Exception):
    """template.yaml says something that the local stack cannot do faithfully."""


class _Loader(yaml.SafeLoader):
    """SafeLoader that also knows the short forms (!Ref, !Sub, …)."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def parse(text: str) -> dict[str, Any]:
    """The template as data, short forms and loops written out. Raises TemplateError."""
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader with more tags
    except yaml.YAMLError as error:
        raise TemplateError(f"not YAML: {error}") from error
    if not isinstance(document, dict):
        raise TemplateError("not a template: the top level is no mapping")
    return {
        name: _unrolled(section) if name in _SECTIONS_WITH_LOOPS else section
        for name, section in document.items()
    }


def _unrolled(section: Any) -> Any:
    """A section with each `Fn::ForEach` written out, as AWS::LanguageExtensions does it."""
    if not isinstance(section, dict):
        return section
    unrolled: dict[str, Any] = {}
    for key, value in section.items():
        if not key.startswith(_LOOP):
            unrolled[key] = value
            continue
        match value:
            case [str() as variable, list() as items, dict() as body]:
                for item in items:
                    unrolled |= _unrolled(_filled_in(body, variable, str(item)))
            case _:
                raise TemplateError(f"{key} is not a name, a list of texts and a mapping")
    return unrolled


def _filled_in(node: Any, variable: str, item: str) -> Any:
    """The body of a loop for one item. `&{Name}` leaves out what no logical id may contain."""
    if isinstance(node, str):
        bare = re.sub(r"[^A-Za-z0-9]", "", item)
        return node.replace(f"${{{variable}}}", item).replace(f"&{{{variable}}}", bare)
    if isinstance(node, list):
        return [_filled_in(each, variable, item) for each in node]
    if not isinstance(node, dict):
        return node
    filled = {
        _filled_in(key, variable, item): _filled_in(value, variable, item)
        for key, value in node.items()
    }
    match filled:
        case {"Ref": str() as name} if name == variable:
            return item
        case {"Ref": {"Fn::Sub": str() as name}} if "${" not in name:
            return {"Ref": name}  # a logical id may be put together inside a loop
    return filled


class Resolver:
    """Evaluates intrinsics against parameters, conditions, mappings and resource attributes.

    Args:
        document: the parsed template.
        parameters: values for parameters; the others take their defaults.
        reference: what `Ref` answers for a resource's logical id.
        attribute: what `Fn::GetAtt` answers for a logical id and attribute name.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        parameters: Mapping[str, str],
        reference: Callable[[str], str],
        attribute: Callable[[str, str], str],
    ) -> None:
        self._resources: Mapping[str, Any] = document.get("Resources") or {}
        self._mappings: Mapping[str, Any] = document.get("Mappings") or {}
        self._conditions: Mapping[str, Any] = document.get("Conditions") or {}
        self._reference = reference
        self._attribute = attribute
        declared: Mapping[str, Any] = document.get("Parameters") or {}
        if unknown := parameters.keys() - declared.keys():
            raise TemplateError(f"unknown parameters: {', '.join(sorted(unknown))}")
        self._values: dict[str, Any] = dict(PSEUDO_PARAMETERS)
        for name, declaration in declared.items():
            if name in parameters:
                self._values[name] = parameters[name]
            elif "Default" in declaration:
                default = declaration["Default"]
                is_list = declaration.get("Type") == "CommaDelimitedList"
                self._values[name] = str(default).split(",") if is_list else str(default)

    def condition(self, name: str) -> bool:
        """Whether a named condition holds."""
        if name not in self._conditions:
            raise TemplateError(f"unknown condition {name}")
        return self._truth(self._conditions[name])

    def resolve(self, node: Any) -> Any:
        """A copy of `node` with every intrinsic evaluated; AWS::NoValue drops its property."""
        if isinstance(node, list):
            return [item for item in map(self.resolve, node) if item is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._intrinsic(name, argument)
        resolved = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not NO_VALUE}

    def _intrinsic(self, name: str, argument: Any) -> Any:  # noqa: PLR0911 - one per function
        match name, argument:
            case "Ref", str():
                return self._ref(argument)
            case "Fn::GetAtt", [str() as logical_id, str() as attribute]:
                return self._get_attribute(logical_id, attribute)
            case "Fn::Sub", str():
                return self._substitute(argument, {})
            case "Fn::Sub", [str() as pattern, dict() as names]:
                return self._substitute(pattern, self.resolve(names))
            case "Fn::Join", [str() as separator, items]:
                return separator.join(str(item) for item in self.resolve(items))
            case "Fn::Select", [index, items]:
                return self.resolve(items)[int(self.resolve(index))]
            case "Fn::Split", [str() as separator, text]:
                return str(self.resolve(text)).split(separator)
            case "Fn::If", [str() as condition, yes, no]:
                return self.resolve(yes if self.condition(condition) else no)
            case "Fn::FindInMap", [table, first, second]:
                path = [self.resolve(key) for key in (table, first, second)]
                try:
                    return self._mappings[path[0]][path[1]][path[2]]
                except KeyError:
                    raise TemplateError(f"Fn::FindInMap finds no {'.'.join(path)}") from None
            case (("Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not"), list()):
                return self._truth({name: argument})
        raise TemplateError(f"{name} with {argument!r} is not supported by the local stack")

    def _truth(self, node: Any) -> bool:
        match node:
            case {"Condition": str() as name}:
                return self.condition(name)
            case {"Fn::Equals": [left, right]}:
                return str(self.resolve(left)) == str(self.resolve(right))
            case {"Fn::Not": [only]}:
                return not self._truth(only)
            case {"Fn::And": list() as parts}:
                return all(self._truth(part) for part in parts)
            case {"Fn::Or": list() as parts}:
                return any(self._truth(part) for part in parts)
        raise TemplateError(f"{node!r} is no condition that the local stack supports")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._values:
            return self._values[name]
        if name in self._resources:
            return self._reference(name)
        raise TemplateError(f"Ref to {name}, which is no resource and no parameter with a value")

    def _get_attribute(self, logical_id: str, attribute: str) -> str:
        # SAM creates <Function>Url for FunctionUrlConfig, <Function>Role …: not in the template
        if not any(logical_id.startswith(known) for known in self._resources):
            raise TemplateError(f"Fn::GetAtt of {logical_id}, which is no resource")
        return self._attribute(logical_id, attribute)

    def _substitute(self, pattern: str, names: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            literal, name = match[1], match[2].strip()
            if literal:
                return "${" + name + "}"
            if name in names:
                return str(names[name])
            if "." in name:
                return self._get_attribute(*name.split(".", 1))
            return str(self._ref(name))

        return _PLACEHOLDER.sub(value, pattern)
