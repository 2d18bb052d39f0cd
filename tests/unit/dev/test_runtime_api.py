"""Functions run as in Lambda: one event at a time each, bounded, replaced when they fail."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from dev.programs.processes import is_alive
from dev.stack.invocation import Outcome, ThrottledError

from .conftest import Toy

ECHO = """
    import os, time
    def lambda_handler(event, context):
        time.sleep(event.get("sleep", 0))
        return {
            "event": event,
            "pid": os.getpid(),
            "id": context.aws_request_id,
            "left": context.get_remaining_time_in_millis(),
            "arn": context.invoked_function_arn,
        }
"""


def result(outcome: Outcome) -> dict[str, object]:
    """What the function returned."""
    assert outcome.error is None, outcome.payload
    value = json.loads(outcome.payload)
    assert isinstance(value, dict)
    return value


def test_a_function_gets_its_event_and_context(toy: Toy) -> None:
    """The event arrives unchanged; the context knows the request, the ARN and the deadline."""
    function = toy.add("echo", ECHO, timeout=7)

    async def story(toy: Toy) -> None:
        value = result(await toy.pools.invoke(function, b'{"a": "\\u00e4"}'))

        assert value["event"] == {"a": "ä"}
        assert value["arn"] == function.arn
        assert 5_000 < int(str(value["left"])) <= 7_000

    toy.run(story)


def test_a_process_is_used_again(toy: Toy) -> None:
    """Invocations one after the other share a process, as a warm Lambda does."""
    function = toy.add("echo", ECHO)

    async def story(toy: Toy) -> None:
        pids = {result(await toy.pools.invoke(function, b"{}"))["pid"] for _ in range(5)}

        assert len(pids) == 1

    toy.run(story)


def test_processes_are_bounded_and_take_one_event_at_a_time(toy: Toy) -> None:
    """Eight callers of two processes: two run, six wait, none is refused."""
    function = toy.add("echo", ECHO, limit=2)

    async def story(toy: Toy) -> None:
        await toy.pools.invoke(function, b"{}")
        started = time.monotonic()
        calls = [toy.pools.invoke(function, b'{"sleep": 0.1}') for _ in range(8)]
        values = [result(outcome) for outcome in await asyncio.gather(*calls)]

        assert len({value["pid"] for value in values}) == 2
        assert len({value["id"] for value in values}) == 8
        assert time.monotonic() - started >= 0.4

    toy.run(story)


def test_an_exception_is_lambdas_error_document(toy: Toy) -> None:
    """The caller gets type, message and traceback; the process lives on; the console shows it."""
    function = toy.add(
        "failing",
        """
        import os
        def lambda_handler(event, context):
            if event.get("fail"):
                raise LookupError("nothing here")
            return {"pid": os.getpid()}
        """,
    )

    async def story(toy: Toy) -> None:
        before = result(await toy.pools.invoke(function, b"{}"))
        outcome = await toy.pools.invoke(function, b'{"fail": true}')

        assert outcome.error == "Unhandled"
        assert outcome.failure["errorType"] == "LookupError"
        assert outcome.failure["errorMessage"] == "nothing here"
        assert result(await toy.pools.invoke(function, b"{}")) == before
        assert "LookupError" in toy.said.getvalue()
        assert "app.py" in toy.said.getvalue()

    toy.run(story)


def test_a_crashed_process_is_replaced(toy: Toy) -> None:
    """The caller gets Lambda's own message; the next caller gets a new process."""
    function = toy.add(
        "crashing",
        """
        import os
        def lambda_handler(event, context):
            if event.get("crash"):
                os._exit(3)
            return {"pid": os.getpid()}
        """,
        limit=1,
    )

    async def story(toy: Toy) -> None:
        first = result(await toy.pools.invoke(function, b"{}"))
        outcome = await toy.pools.invoke(function, b'{"crash": true}')
        second = result(await toy.pools.invoke(function, b"{}"))

        assert outcome.failure["errorType"] == "Runtime.ExitError"
        assert "exit status 3" in outcome.failure["errorMessage"]
        assert first["pid"] != second["pid"]

    toy.run(story)


def test_a_hung_process_is_killed_at_its_timeout(toy: Toy) -> None:
    """It is answered at the deadline and ended with all it started; others wait no longer."""
    function = toy.add(
        "hanging",
        """
        import subprocess, sys, time
        def lambda_handler(event, context):
            if "file" in event:
                child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
                open(event["file"], "w").write(str(child.pid))
                time.sleep(60)
            return {}
        """,
        timeout=1,
        limit=1,
    )

    async def story(toy: Toy) -> None:
        await toy.pools.invoke(function, b"{}")
        started = time.monotonic()
        file = toy.root / "child"
        hung = asyncio.create_task(
            toy.pools.invoke(function, json.dumps({"file": str(file)}).encode())
        )
        await asyncio.sleep(0)
        after = await toy.pools.invoke(function, b"{}")
        outcome = await hung

        assert outcome.failure["errorType"] == "Sandbox.Timedout"
        assert "Task timed out after 1.00 seconds" in outcome.failure["errorMessage"]
        assert after.error is None
        assert time.monotonic() - started < 10
        assert not is_alive(int(file.read_text()))

    toy.run(story)


def test_a_function_that_does_not_start_says_why_once(toy: Toy) -> None:
    """Each caller gets the error of the import; the traceback is printed once."""
    function = toy.add("broken", "import nothing_of_that_name\n")

    async def story(toy: Toy) -> None:
        outcomes = await asyncio.gather(*(toy.pools.invoke(function, b"{}") for _ in range(4)))
        again = await toy.pools.invoke(function, b"{}")

        for outcome in [*outcomes, again]:
            assert outcome.failure["errorType"] == "Runtime.ImportModuleError"
            assert "nothing_of_that_name" in outcome.failure["errorMessage"]
        assert toy.said.getvalue().count("Runtime.ImportModuleError") == 1

    toy.run(story)


def test_a_repaired_function_starts_again(toy: Toy) -> None:
    """After the pause between failed starts, new code is found."""
    function = toy.add("broken", "raise SystemExit(9)\n")

    async def story(toy: Toy) -> None:
        failed = await toy.pools.invoke(function, b"{}")
        toy.add("broken", ECHO)

        assert "exit status 9" in failed.failure["errorMessage"]
        async with asyncio.timeout(20):
            while (await toy.pools.invoke(function, b"{}")).error is not None:
                await asyncio.sleep(0.05)

    toy.run(story)


def test_a_reserved_concurrency_of_zero_throttles(toy: Toy) -> None:
    """Nothing runs, and the caller gets the refusal at once."""
    function = toy.add("off", ECHO, limit=0)

    async def story(toy: Toy) -> None:
        with pytest.raises(ThrottledError):
            await toy.pools.invoke(function, b"{}")

    toy.run(story)


def test_a_caller_that_gives_up_loses_nothing_else(toy: Toy) -> None:
    """Its invocation continues, the next one is served; one that is still waiting is not run."""
    function = toy.add(
        "noting",
        """
        import time
        def lambda_handler(event, context):
            time.sleep(event["sleep"])
            with open(event["file"], "a") as file:
                file.write(event["name"])
            return {}
        """,
        limit=1,
    )

    async def story(toy: Toy) -> None:
        file = toy.root / "notes"

        async def note(name: str, sleep: float, patience: float) -> None:
            message = json.dumps({"name": name, "sleep": sleep, "file": str(file)}).encode()
            async with asyncio.timeout(patience):
                await toy.pools.invoke(function, message)

        await note("0", 0, 20)
        impatient = asyncio.create_task(note("1", 0.4, 0.1))
        await asyncio.sleep(0.02)
        waiting = asyncio.create_task(note("2", 0, 0.1))
        gone = await asyncio.gather(impatient, waiting, return_exceptions=True)
        await note("3", 0, 20)

        assert [type(each) for each in gone] == [TimeoutError, TimeoutError]
        assert file.read_text() == "013"

    toy.run(story)


def test_a_huge_answer_is_refused(toy: Toy) -> None:
    """More than 6 MB is an error of the function, not of its process."""
    function = toy.add(
        "huge", "def lambda_handler(event, context):\n    return 'x' * event['size']\n"
    )

    async def story(toy: Toy) -> None:
        outcome = await toy.pools.invoke(function, b'{"size": 7000000}')

        assert outcome.failure["errorType"] == "Function.ResponseSizeTooLarge"
        assert (await toy.pools.invoke(function, b'{"size": 1}')).error is None

    toy.run(story)


def test_warming_starts_one_process_and_survives_a_broken_one(toy: Toy) -> None:
    """The first caller of a warmed function finds it running."""
    good = toy.add("good", ECHO)
    bad = toy.add("bad", "raise SystemExit(1)\n")

    async def story(toy: Toy) -> None:
        async with asyncio.timeout(20):
            await toy.pools.warm([bad, good])
        started = time.monotonic()
        result(await toy.pools.invoke(good, b"{}"))

        assert time.monotonic() - started < 0.5

    toy.run(story)


def test_nothing_outlives_the_pools(toy: Toy) -> None:
    """Stopping ends idle and hung processes alike."""
    function = toy.add("echo", ECHO)
    pids: list[int] = []

    async def story(toy: Toy) -> None:
        pids.append(int(str(result(await toy.pools.invoke(function, b"{}"))["pid"])))
        hung = asyncio.create_task(toy.pools.invoke(function, b'{"sleep": 60}'))
        await asyncio.sleep(0.05)
        hung.cancel()

    toy.run(story)

    assert not any(is_alive(pid) for pid in pids)


def test_a_handler_sees_what_it_would_see_in_the_cloud(toy: Toy, tmp_path: Path) -> None:
    """Its folder comes first, the stack's own code cannot be imported, its variables are the
    declared ones.
    """
    function = toy.add(
        "curious",
        """
        import importlib.util, os, sys
        def lambda_handler(event, context):
            return {
                "path": sys.path[0],
                "dev": importlib.util.find_spec("dev") is not None,
                "names": sorted(os.environ),
                "argv": sys.argv[1:],
            }
        """,
        declared={"STAGE": "dev"},
    )

    async def story(toy: Toy) -> None:
        value = result(await toy.pools.invoke(function, b"{}"))
        names = set(str(value["names"]).strip("[]").replace("'", "").split(", "))

        assert value["path"] == str(toy.root / "functions" / "curious")
        assert value["dev"] is False
        assert value["argv"] == ["app.lambda_handler"]
        assert "STAGE" in names
        assert not any(name.startswith(("STRIPE_", "DATABASE_", "PYTEST_")) for name in names)

    toy.run(story)
