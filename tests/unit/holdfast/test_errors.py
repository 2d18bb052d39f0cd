"""The catalogue of errors: complete and unambiguous."""

import json
import re
from http import HTTPStatus

import pytest

from holdfast.platform import database_errors, errors
from holdfast.platform.errors import HoldfastError


def test_levels_are_there_to_be_caught() -> None:
    """A class between the root and the errors has errors of one status, and no code of its own.

    Cases: P-11
    """
    levels = [kind for kind in HoldfastError.__subclasses__() if "code" not in vars(kind)]

    assert [int(level.status) for level in levels] == [400, 409, 422, 429, 503]
    for level in levels:
        assert {kind.status for kind in level.__subclasses__()} == {level.status}
        assert set(level.__subclasses__()) <= set(errors.CATALOGUE)


def test_each_sqlstate_is_one_errors() -> None:
    """Two errors that the database raises have two SQLSTATEs."""
    sqlstates = [kind.sqlstate for kind in errors.CATALOGUE if kind.sqlstate]

    assert sorted(sqlstates) == sorted(database_errors.BY_SQLSTATE)
    assert len(set(sqlstates)) == len(sqlstates) >= 25


def test_codes_are_unique_and_stable_words() -> None:
    """One code, one error; clients can rely on its spelling.

    Cases: P-11
    """
    codes = [error.code for error in errors.CATALOGUE]

    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("kind", errors.CATALOGUE)
def test_every_error_explains_itself(kind: type[HoldfastError]) -> None:
    """A title, a hint and a complete RFC 9457 document that a program can read.

    Cases: P-11
    """
    problem = kind().problem("r-1")

    assert json.loads(json.dumps(problem)) == problem
    assert problem["type"] == f"urn:holdfast:error:{kind.code}"
    assert problem["status"] == int(kind.status)
    assert problem["title"] == problem["detail"] == kind.title
    assert problem["hint"].endswith((".", "!"))
    assert problem["request_id"] == "r-1"


def test_extra_members_are_part_of_the_document() -> None:
    """Alternatives and reasons are beside the standard members.

    Cases: E-5.2, P-11
    """
    error = errors.SlotTaken(extra={"alternatives": [1, 2]})

    assert error.problem("r")["alternatives"] == [1, 2]


def test_only_what_passes_says_when_to_come_back() -> None:
    """Unavailable always has seconds; refusals have none unless given."""
    assert errors.Unavailable().retry_after == 2
    assert errors.Unavailable(retry_after=7).retry_after == 7
    assert errors.NotFound().retry_after is None


@pytest.mark.parametrize(("sqlstate", "kind"), sorted(database_errors.BY_SQLSTATE.items()))
def test_a_refusal_of_the_database_keeps_its_words(
    sqlstate: str, kind: type[HoldfastError]
) -> None:
    """Message, hint and detail of a RAISE become the document's sentence, hint and members.

    Cases: P-11
    """
    found = database_errors.from_database(
        sqlstate, None, "the fact", '{"reason": "past"}', "do this"
    )
    if kind is errors.InternalError:
        assert found is None
        return

    assert type(found) is kind
    assert (found.detail, found.hint) == ("The fact.", "Do this.")
    assert found.extra == {"reason": "past"}


@pytest.mark.parametrize(("sqlstate", "kind"), sorted(database_errors.BY_SQLSTATE.items()))
def test_a_refusal_without_words_has_those_of_its_error(
    sqlstate: str, kind: type[HoldfastError]
) -> None:
    """PostgreSQL gives a RAISE without a message its SQLSTATE as the message, which is not
    shown.
    """
    found = database_errors.from_database(sqlstate, None, sqlstate, None, None)

    assert found is None or (found.detail, found.hint) == (kind.title, kind.hint)


@pytest.mark.parametrize(("constraint", "kind"), sorted(database_errors.BY_CONSTRAINT.items()))
def test_a_constraint_that_a_request_can_reach_has_an_error(
    constraint: str, kind: type[HoldfastError]
) -> None:
    """The text is ours, not the database's: a constraint's message names tables.

    Cases: P-2, P-11
    """
    message = f'new row violates check constraint "{constraint}"'
    found = database_errors.from_database(
        "23514", constraint, message, "Failing row contains …", None
    )

    assert type(found) is kind
    assert constraint not in json.dumps(found.problem("r"))
    assert "row" not in found.detail


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "53300", "55P03", "57014", "57P01"])
def test_what_passes_is_unavailable(sqlstate: str) -> None:
    """Too busy, a deadlock, a restart: try again."""
    found = database_errors.from_database(sqlstate, None, "canceling statement", None, None)

    assert isinstance(found, errors.Unavailable)
    assert found.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "statement" not in found.detail


@pytest.mark.parametrize("sqlstate", [None, "22P02", "23503", "23514", "42501", "P0001", "XX000"])
def test_anything_else_is_a_fault_of_ours(sqlstate: str | None) -> None:
    """None: the caller raises the original, and the client gets 500 without its text."""
    assert (
        database_errors.from_database(sqlstate, "prices_amount_in_range", "x", None, None) is None
    )
