"""What runs on a schedule, and where its failures go."""

import re

from tests.template.expansion import ROOT, Expanded

SECONDS = {"minute": 60, "minutes": 60, "hour": 3600, "hours": 3600, "day": 86400, "days": 86400}
# A sweep's module says first how often it runs: "Every five minutes: …"
SAYS = re.compile(r'"""Every (?:(five) )?(minute|hour|day)s?: ')
NUMBERS = {None: 1, "five": 5}


def _period(schedule: str) -> int:
    """Seconds between two runs of a `rate(…)`."""
    match = re.fullmatch(r"rate\((\d+) (\w+)\)", schedule)
    assert match, schedule
    return int(match[1]) * SECONDS[match[2]]


def test_schedules_are_the_sweeps(either: Expanded) -> None:
    """A module that says that it is scheduled has that schedule, and no other module has one."""
    scheduled = {
        schedule["Target"]["Arn"].removeprefix("-> ").removesuffix("FunctionAliaslive"): _period(
            schedule["ScheduleExpression"]
        )
        for schedule in either.of_type("AWS::Scheduler::Schedule").values()
    }
    said = {
        "".join(word.capitalize() for word in path.parent.name.split("_")): NUMBERS[says[1]]
        * SECONDS[says[2]]
        for path in (ROOT / "functions").glob("*/app.py")
        if (says := SAYS.match(path.read_text(encoding="utf-8")))
    }

    assert scheduled == said


def test_failures_are_kept(either: Expanded) -> None:
    """Undelivered calls of a schedule and failures of a sweep go to the dead letters."""
    schedules = either.of_type("AWS::Scheduler::Schedule").values()
    functions = {each["Target"]["Arn"].removesuffix("Aliaslive") for each in schedules}
    outcomes = {
        each["FunctionName"]: each
        for each in either.of_type("AWS::Lambda::EventInvokeConfig").values()
    }

    assert outcomes.keys() == functions
    assert {
        each["DestinationConfig"]["OnFailure"]["Destination"] for each in outcomes.values()
    } == {"-> DeadLetters.Arn"}
    assert {each["Qualifier"] for each in outcomes.values()} == {"live"}
    assert {each["Target"]["DeadLetterConfig"]["Arn"] for each in schedules} == {
        "-> DeadLetters.Arn"
    }
    assert all(each["Target"]["RetryPolicy"]["MaximumRetryAttempts"] for each in schedules)


def test_two_stacks_do_not_collide(either: Expanded) -> None:
    """A schedule without a name of ours gets one that is unique in the account."""
    schedules = either.of_type("AWS::Scheduler::Schedule")

    assert [name for name, properties in schedules.items() if "Name" in properties] == []


def test_a_turn_ends_before_the_next(either: Expanded) -> None:
    """Otherwise runs would pile up."""
    late = {
        name: properties["ScheduleExpression"]
        for name, properties in either.of_type("AWS::Scheduler::Schedule").items()
        if int(
            either.functions()[
                properties["Target"]["Arn"].removeprefix("-> ").removesuffix("FunctionAliaslive")
            ]["Timeout"]
        )
        >= _period(properties["ScheduleExpression"])
    }

    assert late == {}
