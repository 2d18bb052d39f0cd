"""A small world for the local stack's own tests: functions written on the spot, really run."""

import asyncio
import io
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dev.cloudformation.template import Function, Template
from dev.stack.console import Console
from dev.stack.environment import Backends, environment
from dev.stack.secrets import load as load_secrets
from dev.stack.workers import Pool, Pools


class Toy:
    """Functions by name, in processes of the runtime client; use it inside one event loop."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said = io.StringIO()
        self.console = Console(self.said)
        self.functions: dict[str, Function] = {}
        self._limits: dict[str, int] = {}
        self.pools = Pools([])

    def add(
        self,
        name: str,
        code: str,
        *,
        timeout: int = 20,
        limit: int = 2,
        declared: dict[str, str] | None = None,
    ) -> Function:
        """Write a handler file; `code` must define lambda_handler(event, context)."""
        folder = self.root / "functions" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "app.py").write_text(textwrap.dedent(code))
        function = Function(
            logical_id=f"{name.title().replace('_', '')}Function",
            code=Path("functions") / name,
            handler="app.lambda_handler",
            timeout=timeout,
            memory=128,
            environment=declared or {},
            reserved_concurrency=None,
            has_url=False,
            url_cors=None,
        )
        self.functions[function.logical_id] = function
        self._limits[function.logical_id] = limit
        return function

    def template(self, **parts: Any) -> Template:
        """A template with these functions and the given resources."""
        return Template(functions=self.functions, **parts)

    def run(self, story: Callable[["Toy"], Awaitable[None]]) -> None:
        """Run a story on an event loop of its own; its processes end with it."""

        async def told() -> None:
            self.pools = Pools(
                Pool(
                    function,
                    self.root,
                    environment(function, self.backends()),
                    logs=self.root / "logs",
                    console=self.console,
                    limit=self._limits[logical_id],
                )
                for logical_id, function in self.functions.items()
            )
            try:
                await story(self)
            finally:
                await self.pools.stop(0)

        asyncio.run(told())

    def backends(self) -> Backends:
        """What the functions would call."""
        return Backends(
            root=self.root,
            database_url=lambda role: f"postgresql://{role or 'postgres'}@127.0.0.1:5/holdfast",
            dynamodb="http://127.0.0.1:6",
            stripe="http://127.0.0.1:7",
            secrets=load_secrets(self.root / "secrets.json"),
        )


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """No functions yet."""
    return Toy(tmp_path)
