"""Our own faults are reported as such, without internals."""

from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem


def test_an_answer_that_breaks_its_model_is_a_fault_of_ours(system: System) -> None:
    """If the database returns what the API does not promise, the answer is 500, not the client's
    fault.

    Cases: P-11
    Proves: ASVS 15.3.1, 16.5.3
    """
    system.database.execute(
        "create or replace function api.health() returns jsonb language sql"
        " as $$ select jsonb_build_object('now', core.utc(core.clock()), 'schema_version', 4) $$"
    )
    answer = system.request("GET", "/health")

    assert_problem(answer, 500, "internal_error")


def test_a_fault_shows_no_internals(system: System) -> None:
    """500 names neither tables nor functions nor the error: the request id finds it in the logs.

    Cases: P-11
    Proves: ASVS 13.4.2, 16.5.1, API8:2023
    """
    system.database.execute(
        "create or replace function api.health() returns jsonb language sql"
        " as $$ select to_jsonb(1 / 0) $$"
    )
    answer = system.request("GET", "/health")

    assert_problem(answer, 500, "internal_error")
    assert "division" not in str(answer.body)
