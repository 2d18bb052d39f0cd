"""Run by `make validate`, in SAM's environment: its translator needs an old pydantic."""

import importlib.util
import logging

import pytest

# In the tests' own environment there is no translator.
collect_ignore_glob = [] if importlib.util.find_spec("samtranslator") else ["test_*.py"]

if not collect_ignore_glob:
    from tests.template.expansion import BROUGHT, CREATED, Expanded, expand

    logging.getLogger("samtranslator").setLevel(logging.ERROR)

    @pytest.fixture(scope="session")
    def brought() -> Expanded:
        """The smallest deployment: an existing database, and nothing that is optional."""
        return expand(BROUGHT)

    @pytest.fixture(scope="session")
    def created() -> Expanded:
        """Everything switched on."""
        return expand(CREATED)

    @pytest.fixture(params=["brought", "created"])
    def either(request: pytest.FixtureRequest) -> Expanded:
        """Both, one after the other."""
        deployment: Expanded = request.getfixturevalue(request.param)
        return deployment
