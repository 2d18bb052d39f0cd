"""An environment for each test."""

from collections.abc import Callable, Iterator

import pytest

from holdfast.platform import observability
from holdfast.platform.settings import Settings, settings


@pytest.fixture(autouse=True)
def _observed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """These tests' own logs and metrics, so that counts are not flushed with others'."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "holdfast")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Holdfast")
    observability.metrics.cache_clear()
    observability.logger.cache_clear()
    yield
    observability.metrics().clear_metrics()
    observability.metrics.cache_clear()
    observability.logger.cache_clear()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Settings]]:
    """`environment(NAME=value, …)`: the variables a function was started with; its settings."""

    def start(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return settings()

    yield start
    settings.cache_clear()
