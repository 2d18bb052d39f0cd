"""The security requirements are complete; and what no shipped line may do."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dev.generators import security
from tests.harness.database.cluster import ROOT
from tests.structure.test_imports import SHIPPED

PAGE = sorted((ROOT / "web").rglob("*.js"))
# Text becomes code, a command, or objects of the sender's choice.
RUNS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN = {"subprocess", "pickle", "marshal", "shelve", "pty", "commands", "xml"}
CALLS = {"database.call"}
# of health alone, which passes constants
HANDED_ON = "database.call(function)"
CRYPTOGRAPHY = {"hashlib", "hmac", "secrets", "ssl"}
OTHER_CRYPTOGRAPHY = {"Crypto", "Cryptodome", "cryptography", "nacl", "rsa", "jwt"}
BROKEN_HASHES = {"md5", "sha1"}
# Pauses before a repeat need not be secret; snapshots give each environment numbers of its own.
RANDOM_PAUSES = {"platform/database.py", "migrations/runner.py", "platform/snapstart.py"}
# Stored functions that build a statement: of names in core.catalogue_kind and of columns, never of
# values.
MAKE_STATEMENTS = {
    "api/catalogue/change_catalogue_item.sql",
    "api/catalogue/create_catalogue_item.sql",
    "api/catalogue/list_catalogue_items.sql",
    "api/catalogue/remove_catalogue_item.sql",
    "core/catalogue/catalogue_json.sql",
    "core/catalogue/lock_item.sql",
}
# In a browser, text becomes markup or code.
MARKUP = re.compile(
    r"\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new (Function|RegExp)\("
)


@cache
def _proofs() -> dict[str, list[str]]:
    return security.proofs(ROOT / "tests")


def _calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def _named(node: ast.expr) -> str:
    return ast.unparse(node)


def test_every_requirement_is_judged_once() -> None:
    """There are as many of levels 1 and 2 as in the standard, and none is listed twice."""
    numbers = [(r.level, r.number) for r in security.requirements() if r.level in security.COUNTS]
    for each in security.absent():
        numbers += [(level, number) for level, found in each.numbers.items() for number in found]
    counts = {level: len([n for at, n in numbers if at == level]) for level in security.COUNTS}

    assert counts == security.COUNTS
    assert sorted(set(numbers)) == sorted(numbers)


def test_tests_prove_requirements_that_exist() -> None:
    """A number in a docstring is one of those that apply."""
    known = {requirement.number for requirement in security.requirements()}

    assert set(_proofs()) - known == set()


@pytest.mark.parametrize("requirement", security.requirements(), ids=lambda r: r.number)
def test_what_applies_is_proved_or_said_not_to_be(requirement: security.Requirement) -> None:
    """By a test, by a document if that is what it asks for, by the platform; or it is listed as not
    met.
    """
    tests = _proofs().get(requirement.number, [])
    path, _, heading = requirement.document.partition("#")

    assert tests or requirement.document or requirement.platform or requirement.unmet
    if requirement.document:
        text = (ROOT / path).read_text(encoding="utf-8").lower()
        assert not heading or re.search(rf"^#+ {heading.replace('-', '[^a-z]+')}$", text, re.M)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_becomes_code(path: Path) -> None:
    """Nothing is evaluated, unpickled, or passed to a shell; patterns and formats are our own.

    Proves: ASVS 1.2.5, 1.2.9, 1.3.2, 1.3.7, 1.3.10, 1.5.2
    """
    found = _imported(path) & FORBIDDEN
    for call in _calls(path):
        name = _named(call.func)
        first = call.args[0] if call.args else None
        if name in RUNS or name.startswith(("os.system", "os.exec", "os.popen", "os.spawn")):
            found.add(name)
        if re.fullmatch(r"re\.[a-z]+", name) and not _is_ours(first):
            found.add(_named(call))
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("format", "format_map"):
            # of a constant, or of psycopg's SQL, which quotes what it fills in
            target = call.func.value
            if not (_is_ours(target) or "sql.SQL(" in path.read_text(encoding="utf-8")):
                found.add(_named(call))

    assert found == set()


def _is_ours(node: ast.expr | None) -> bool:
    """A constant, the name of one, or constants in a pattern with names of loops over them."""
    return isinstance(node, ast.Constant | ast.JoinedStr) or (
        isinstance(node, ast.Name) and node.id.isupper()
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_cryptography_is_the_librarys(path: Path) -> None:
    """Hashes, MACs, TLS and random numbers are Python's and OpenSSL's, and none is broken.

    Proves: ASVS 11.2.1, 11.2.3, 11.4.1, 11.4.3, 11.5.1
    """
    names = {_named(call.func).rpartition(".")[2] for call in _calls(path)}
    plain = str(path.relative_to(ROOT)).removeprefix("layers/core/holdfast/")

    assert _imported(path) & OTHER_CRYPTOGRAPHY == set()
    assert names & BROKEN_HASHES == set()
    assert "random" not in _imported(path) or plain in RANDOM_PAUSES


def test_cryptography_is_used() -> None:
    """The test above would pass without any use."""
    assert {name for path in SHIPPED for name in _imported(path)} >= CRYPTOGRAPHY


@pytest.mark.parametrize("path", PAGE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_page_never_makes_markup_of_text(path: Path) -> None:
    """Text is inserted as text; nothing is evaluated, and no pattern is made of typed text.

    Proves: ASVS 1.2.9, 1.3.2, 3.2.2, 3.7.1
    """
    assert MARKUP.findall(path.read_text(encoding="utf-8")) == []


def test_no_cookie_is_set() -> None:
    """Neither by the API nor by the page: browsers send nothing by themselves.

    Proves: ASVS 3.5.1
    """
    texts = {path: path.read_text(encoding="utf-8").lower() for path in (*SHIPPED, *PAGE)}

    assert [
        p for p, text in texts.items() if "set-cookie" in text or "document.cookie" in text
    ] == []


def test_stored_functions_that_make_statements_are_known() -> None:
    """All others have fixed statements; in these, values are parameters too.

    Proves: ASVS 1.2.4
    """
    folder = ROOT / "sql" / "functions"
    made = {
        str(path.relative_to(folder)): text
        for path in folder.rglob("*.sql")
        if re.search(
            r"^\s*(return query )?execute\b", text := path.read_text("utf-8"), re.MULTILINE
        )
    }

    assert made.keys() == MAKE_STATEMENTS
    assert [name for name, text in made.items() if "execute pg_catalog.format(" not in text] == []
    assert [name for name, text in made.items() if "using " not in text] == []


def test_calls_of_the_database_are_written_out() -> None:
    """The name of a stored function is never made of input; input is passed as parameters.

    Proves: ASVS 1.2.4
    """
    calls = [call for path in SHIPPED for call in _calls(path) if _named(call.func) in CALLS]

    assert len(calls) > 40
    unwritten = [_named(call) for call in calls if not _is_ours_or_chosen(call.args[0])]
    assert unwritten == [HANDED_ON]


def _is_ours_or_chosen(name: ast.expr) -> bool:
    if isinstance(name, ast.IfExp):
        return _is_ours(name.body) and _is_ours(name.orelse)
    return _is_ours(name)
