"""Which settings functions are given, and which they read."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.template.expansion import ROOT, Expanded

LAYER = ROOT / "layers/core"
SETTINGS = LAYER / "holdfast/platform/settings.py"

# Replace something else, locally and in tests; a deployment never sets them.
ELSEWHERE = {
    "DATABASE_URL",
    "STRIPE_API_KEY",
    "STRIPE_API_BASE",
    "STRIPE_WEBHOOK_SECRETS",
    "BOOKING_SECRET_KEY",
}
# Of a replica of the writer; the templates make none yet (docs/scaling.md).
READER = {"DATABASE_READER_URL", "DATABASE_READER_HOST"}
LAMBDAS_OWN = {"AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION"}
POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}


def _variables(path: Path) -> set[str]:
    """Environment variables that a module names: all its constants in capitals."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.isupper()
        and node.value.replace("_", "").isalpha()
    }


def test_settings_read_what_is_given(brought: Expanded, created: Expanded) -> None:
    """Every given variable is read, and every variable that is read is given."""
    given = {
        variable
        for deployment in (brought, created)
        for properties in deployment.functions().values()
        for variable in properties["Environment"]["Variables"]
    }
    read = _variables(SETTINGS)

    assert given - POWERTOOLS - {"STAGE"} == read - ELSEWHERE - READER - LAMBDAS_OWN


def test_every_value_is_known(either: Expanded) -> None:
    """CloudFormation refuses a variable without a value only when it deploys."""
    values = [
        value
        for properties in either.functions().values()
        for value in properties["Environment"]["Variables"].values()
    ]

    assert [value for value in values if not isinstance(value, str)] == []


def test_a_function_knows_the_secrets_it_uses(either: Expanded) -> None:
    """A function gets a secret only if some module that it imports reads it.

    Proves: ASVS 13.3.2
    """
    attributes = {
        "STRIPE_SECRET_ARN": "stripe_api_key",
        "STRIPE_WEBHOOK_SECRET_ARN": "stripe_webhook_secrets",
        "BOOKING_SECRET_ARN": "booking_secret_keys",
        "IDEMPOTENCY_TABLE": "idempotency_table",
        "RATE_LIMIT_TABLE": "rate_limit_table",
        "MAIL_FROM": "mail_from",
        "BOOKING_PAGE_URL": "booking_page_url",
        "LIVEMODE": "livemode",
        "SQL_DIR": "sql_dir",
    }
    needless = {
        (name, variable)
        for name, properties in either.functions().items()
        for variable, attribute in attributes.items()
        if variable in properties["Environment"]["Variables"]
        and f".{attribute}" not in _reachable(_folder(name))
    }

    assert needless == set()


def _folder(name: str) -> Path:
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return ROOT / "functions" / words.removeprefix("_")


def _reachable(folder: Path) -> str:
    """The text of a handler and of every module of ours that it may come to import."""
    texts: dict[Path, str] = {}
    waiting = [folder / "app.py"]
    while waiting:
        path = waiting.pop()
        if path not in texts:
            texts[path] = path.read_text(encoding="utf-8")
            waiting += _imported(texts[path])
    return "\n".join(texts.values())


def _imported(text: str) -> Iterator[Path]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("holdfast"):
            module = LAYER.joinpath(*str(node.module).split("."))
            for path in (module, *(module / alias.name for alias in node.names)):
                if path.with_suffix(".py").is_file():
                    yield path.with_suffix(".py")
                elif (path / "__init__.py").is_file():
                    yield path / "__init__.py"
