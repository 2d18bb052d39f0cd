"""The template defines what exists, in the cloud and on a laptop alike."""

from pathlib import Path

import pytest

from dev.cloudformation.template import Cors, Route, TemplateError, load

ROOT = Path(__file__).parents[3]


def template(folder: Path, text: str) -> Path:
    """Write a template file."""
    path = folder / "template.yaml"
    path.write_text(text)
    return path


def variables(folder: Path, expression: str, extra: str = "") -> dict[str, str]:
    """The value of a function's variable X, and all its others."""
    text = f"""
Parameters:
  Stage: {{Type: String, Default: dev}}
  Names: {{Type: CommaDelimitedList, Default: "a,b,c"}}
Mappings:
  Sizes: {{dev: {{small: "1"}}}}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Not [!Condition IsDev]
  Both: !And [!Condition IsDev, !Condition IsProd]
  Either: !Or [!Condition IsDev, !Condition IsProd]
{extra}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/f/
      Environment:
        Variables:
          X: {expression}
"""
    return dict(load(template(folder, text)).functions["F"].environment)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!Ref Stage", "dev"),
        ("{Ref: Stage}", "dev"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref Table", "Table"),
        ("!GetAtt Table.Arn", "arn:aws:local:us-east-1:000000000000:Table/Arn"),
        ('{"Fn::GetAtt": [Table, Arn]}', "arn:aws:local:us-east-1:000000000000:Table/Arn"),
        ('!Sub "x-${Stage}-${!Literal}-${AWS::AccountId}"', "x-dev-${Literal}-000000000000"),
        ('!Sub ["${a}/${Stage}", {a: !Ref Stage}]', "dev/dev"),
        ('!Join ["-", [!Ref Stage, b]]', "dev-b"),
        ('!Join ["-", !Ref Names]', "a-b-c"),
        ('!Select [1, !Split [",", "a,b,c"]]', "b"),
        ("!If [IsDev, yes-it-is, no]", "yes-it-is"),
        ("!If [IsProd, a, b]", "b"),
        ("!If [Both, a, b]", "b"),
        ("!If [Either, a, b]", "a"),
        ("!FindInMap [Sizes, !Ref Stage, small]", "1"),
        ("true", "true"),
        ("12", "12"),
    ],
)
def test_intrinsics_mean_what_they_mean_in_the_cloud(
    tmp_path: Path, expression: str, value: str
) -> None:
    """Short and long forms of the supported intrinsics resolve to the documented value."""
    assert variables(tmp_path, expression)["X"] == value


def test_no_value_drops_the_property(tmp_path: Path) -> None:
    """AWS::NoValue makes a variable absent, not empty."""
    assert variables(tmp_path, "!If [IsProd, a, !Ref AWS::NoValue]") == {}


@pytest.mark.parametrize(
    "expression",
    [
        "!ImportValue other",
        '!Cidr ["10.0.0.0/16", 1, 8]',
        "!Base64 x",
        "!Ref Missing",
        "!GetAtt Missing.Arn",
        '!Sub "${Missing}"',
        "!If [Unknown, a, b]",
        "!FindInMap [Sizes, prod, small]",
        "[a, list]",
    ],
)
def test_what_cannot_be_resolved_fails_loudly(tmp_path: Path, expression: str) -> None:
    """An unknown intrinsic, name or value is an error, never a guess."""
    with pytest.raises(TemplateError):
        variables(tmp_path, expression)


def test_a_parameter_without_a_default_is_named(tmp_path: Path) -> None:
    """A value that only a deployment knows is named in the error, until one is given."""
    text = """
Parameters: {Key: {Type: String}, Other: {Type: String}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: f/, Environment: {Variables: {X: !Ref Key, Y: !Ref Other}}}
"""
    path = template(tmp_path, text)
    told = load(path).functions["F"].environment

    assert (told["X"].endswith(":Key"), told["Y"].endswith(":Other")) == (True, True)
    assert load(path, {"Key": "v"}).functions["F"].environment == {"X": "v", "Y": told["Y"]}


LOOP = """
Resources:
  Fn::ForEach::Tables:
    - Name
    - [one_a, two]
    - Table&{Name}:
        Type: AWS::DynamoDB::Table
        Properties:
          TableName: !Sub "${AWS::StackName}-${Name}"
          Note: {Ref: Name}
          Other: {Ref: !Sub "Table&{Name}"}
"""


def test_loops_are_written_out(tmp_path: Path) -> None:
    """Each item makes its resources; a logical id gets only the characters it may contain."""
    tables = load(template(tmp_path, LOOP)).tables

    assert {name: (table["Note"], table["Other"]) for name, table in tables.items()} == {
        "holdfast-local-one_a": ("one_a", "Tableonea"),
        "holdfast-local-two": ("two", "Tabletwo"),
    }


def test_a_loop_over_something_unknown_is_an_error(tmp_path: Path) -> None:
    """Only lists that the template itself contains can be written out here."""
    with pytest.raises(TemplateError, match="Fn::ForEach::Tables"):
        load(template(tmp_path, LOOP.replace("[one_a, two]", "!Ref Names")))


def test_globals_are_merged_under_the_function(tmp_path: Path) -> None:
    """Mappings of Globals are merged, scalars replaced by the function's own."""
    text = """
Globals:
  Function:
    Timeout: 20
    MemorySize: 512
    Environment: {Variables: {A: shared, B: shared}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/f/
      Timeout: 50
      ReservedConcurrentExecutions: 1
      Environment: {Variables: {B: own}}
"""
    function = load(template(tmp_path, text)).functions["F"]

    assert (function.timeout, function.memory) == (50, 512)
    assert function.environment == {"A": "shared", "B": "own"}
    assert (function.name, function.reserved_concurrency) == ("f", 1)


def test_a_condition_removes_a_resource(tmp_path: Path) -> None:
    """A resource whose condition is false does not exist."""
    text = """
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  F:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties: {CodeUri: f/}
"""
    path = template(tmp_path, text)

    assert load(path).functions == {}
    assert list(load(path, {"Stage": "prod"}).functions) == ["F"]


@pytest.mark.parametrize(
    "properties",
    [
        "{CodeUri: f/, FunctionUrlConfig: {AuthType: AWS_IAM}}",
        "{CodeUri: {Bucket: b, Key: k}}",
        "{CodeUri: f/, PackageType: Image}",
        "{CodeUri: f/, Events: {E: {Type: SQS, Properties: {Queue: q}}}}",
        "{CodeUri: f/, Events: {E: {Type: HttpApi, Properties: {Method: GET, Path: /, "
        "PayloadFormatVersion: '1.0'}}}}",
        "{CodeUri: f/, Events: {E: {Type: HttpApi, Properties: {Method: GET, Path: /, "
        "Auth: {Authorizer: A}}}}}",
        "{CodeUri: f/, Events: {A: {Type: HttpApi, Properties: {Method: GET, Path: /}}, "
        "B: {Type: HttpApi, Properties: {Method: get, Path: /}}}}",
    ],
)
def test_what_the_stack_cannot_do_is_an_error(tmp_path: Path, properties: str) -> None:
    """The stack runs a template faithfully or not at all."""
    text = f"Resources: {{F: {{Type: AWS::Serverless::Function, Properties: {properties}}}}}"

    with pytest.raises(TemplateError):
        load(template(tmp_path, text))


def test_broken_yaml_is_a_template_error(tmp_path: Path) -> None:
    """The message names the problem; no traceback of the parser is shown."""
    with pytest.raises(TemplateError, match="not YAML"):
        load(template(tmp_path, "a: [b"))


def test_our_own_template_is_understood() -> None:
    """Every function, route, address, schedule and table of template.yaml is found."""
    ours = load(ROOT / "template.yaml")

    checkout = ours.function("checkout")
    webhook = ours.function("WebhookFunction")
    assert checkout is not None
    assert webhook is not None
    assert Route("POST", "/v1/holds", checkout.logical_id) in ours.routes
    assert webhook.has_url
    assert ours.function("arn:aws:lambda:us-east-1:0:function:CheckoutFunction") == checkout
    assert {each.expression for each in ours.schedules} >= {"rate(1 minute)"}
    assert checkout.environment["IDEMPOTENCY_TABLE"] in ours.tables
    assert isinstance(ours.cors, Cors)
    assert "DELETE" in ours.cors.allow_methods
