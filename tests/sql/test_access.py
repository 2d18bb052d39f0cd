"""Every function of `api` that acts for a caller, called with every kind of credential.

Each call is made in a transaction that is rolled back, so all of them see the same rows.
"""

import pytest

from tests.harness.clients.calls import Api
from tests.harness.clients.examples import EXAMPLES, Things, things
from tests.harness.database.doorways import IS_FUNCTION_OF_TODAY
from tests.harness.database.migrated import Database


@pytest.fixture
def made(api: Api) -> Things:
    """A tenant with something of every kind."""
    return things(api)


@pytest.mark.parametrize("function", EXAMPLES)
def test_every_credential_gets_the_answer_it_should(made: Things, function: str) -> None:
    """Unknown keys are refused first, then keys without the capability; what is out of reach is not
    found.

    Cases: P-7, E-3.5
    Proves: ASVS 8.2.1, 8.2.2, API5:2023
    """
    outcomes = [made.outcome(function, actor) for actor in made.credentials.values()]

    assert " ".join(outcomes) == EXAMPLES[function].answers


def test_every_function_that_acts_for_a_caller_has_its_example(database: Database) -> None:
    """Those of schema api whose first argument is the actor, and no others."""
    with_actor = database.rows(
        "select p.proname from pg_proc as p"
        f" where {IS_FUNCTION_OF_TODAY} and p.proargnames[1] = 'p_actor' order by 1"
    )

    assert [name for (name,) in with_actor] == sorted(EXAMPLES)
