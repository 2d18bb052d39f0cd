"""What all refusals have in common, and that they change nothing."""

from collections.abc import Callable

from holdfast.platform.problem_models import Problem
from tests.harness.database.digests import digests
from tests.harness.system.in_process import Answer, System


def assert_problem(answer: Answer, status: int, code: str) -> None:
    """The answer is this problem, in the shape and with the headers that all problems have."""
    assert (status, code) == (answer.status, answer.code), answer
    problem = Problem.model_validate(answer.body)
    assert problem.type == f"urn:holdfast:error:{code}"
    assert problem.status == status
    assert problem.title
    assert problem.detail
    assert problem.hint
    assert answer.headers["x-request-id"] == problem.request_id
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert ("retry-after" in answer.headers) == (
        status in {429, 503} or code == "request_in_progress"
    )


def refused(system: System, act: Callable[[], Answer], status: int, code: str) -> Answer:
    """Do what is to be refused; returns the refusal, which has changed nothing."""
    before = digests(system.database)

    answer = act()

    assert_problem(answer, status, code)
    assert digests(system.database) == before
    return answer
