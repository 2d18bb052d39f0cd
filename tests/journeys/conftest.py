"""Every story begins on the same Monday morning."""

import pytest

from tests.harness.stage import staged
from tests.harness.system import System


@pytest.fixture
def system(system: System) -> System:
    """The whole system, Stripe's events waiting until the story delivers them."""
    return staged(system)
