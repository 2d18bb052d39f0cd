"""The cost page: it includes everything that costs, and a changed setting changes a figure."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dev.cloudformation import intrinsics
from dev.costs import bill as costs
from dev.costs import measure, model
from dev.costs.model import PRICED, ROOT, Line, books, lines, resources

SIZES: Mapping[str, Any] = books().workload["sizes"]
TEMPLATES = [ROOT / "template.yaml", *sorted((ROOT / "infra").glob("*.yaml"))]


def bill(size: str, path: Path = ROOT / "template.yaml", **parameters: str) -> dict[str, Line]:
    """A size's lines by service, with some parameters changed."""
    chosen = {**SIZES[size], "parameters": SIZES[size]["parameters"] | parameters}
    return {line.service: line for line in lines(chosen, books(), path)}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the templates, to be changed."""
    shutil.copytree(ROOT / "infra", tmp_path / "infra")
    return Path(shutil.copy(ROOT / "template.yaml", tmp_path))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_type_is_priced_or_free_for_a_reason() -> None:
    """Every resource type of the templates is counted, or the page gives the reason why not; none
    is both, and no reason is left over.
    """
    used = {
        described["Type"]
        for path in TEMPLATES
        for described in intrinsics.parse(path.read_text(encoding="utf-8"))["Resources"].values()
    }
    free = books().prices["free"]

    assert used - set(PRICED) - set(free) == set()
    assert set(PRICED) & set(free) == set()
    assert (set(PRICED) | set(free)) - used == set()
    assert [kind for kind, reason in free.items() if not reason] == []


def test_a_new_kind_of_resource_cannot_be_forgotten(copy: Path) -> None:
    """A type without a price or a reason stops the page, with its name."""
    change(
        copy, "\nResources:\n", "\nResources:\n  Cache:\n    Type: AWS::ElastiCache::CacheCluster\n"
    )

    with pytest.raises(KeyError, match="ElastiCache"):
        bill("brought", copy)


def test_every_function_has_a_duration_and_calls() -> None:
    """A function without a measured duration, or without calls, would be free."""
    functions = [
        resource
        for resource in resources(SIZES["brought"]["parameters"])
        if resource.type == "AWS::Serverless::Function"
    ]
    names = {resource.logical_id.removesuffix("Function") for resource in functions}
    turning = {r.logical_id.removesuffix("Function") for r in functions if model.turns(r)}

    assert names - set(books().durations["milliseconds"]) == set()
    assert names == set(books().workload["calls"]) | turning


@pytest.mark.parametrize(
    ("size", "service", "old", "new", "field"),
    [
        ("brought", "Scheduler", "rate(1 minute)", "rate(5 minutes)", "month"),
        ("brought", "Lambda", "MemorySize: 1024", "MemorySize: 256", "bookings"),
        ("brought", "X-Ray", "Tracing: Active", "Tracing: PassThrough", "month"),
        ("brought", "CloudWatch, logs", "AccessLogSettings:", "AccessLogs:", "bookings"),
    ],
)
def test_a_changed_template_is_a_changed_figure(
    copy: Path, size: str, service: str, old: str, new: str, field: str
) -> None:
    """Less of something in the template costs less."""
    before = bill(size)[service]
    change(copy, old, new)
    after = bill(size, copy).get(service, Line(service))

    assert getattr(after, field) < getattr(before, field)


def test_a_history_of_the_table_would_cost(copy: Path) -> None:
    """Point-in-time recovery is off, and its price is known."""
    before = bill("brought")["DynamoDB"]
    change(copy, "PointInTimeRecoveryEnabled: false", "PointInTimeRecoveryEnabled: true")

    assert bill("brought", copy)["DynamoDB"].bookings > before.bookings


@pytest.mark.parametrize(
    ("service", "parameters"),
    [
        ("Aurora, capacity", {"DatabaseMinCapacity": "3"}),
        ("Aurora, capacity", {"DatabaseStandby": "yes"}),
        ("NAT gateways", {"DatabaseNatGateways": "each"}),
        ("Lambda, snapshots", {"SnapStart": "yes"}),
    ],
)
def test_a_changed_parameter_is_a_changed_figure(service: str, parameters: dict[str, str]) -> None:
    """More of something in the parameters costs more."""
    before = bill("created").get(service, Line(service))

    assert bill("created", **parameters)[service].month > before.month


def test_figures_that_can_be_reckoned_by_hand() -> None:
    """A proxy is billed for eight units at least; a gateway and its address by the hour."""
    created = bill("created")

    assert round(created["RDS Proxy"].month, 2) == 87.60
    assert round(created["NAT gateways"].month, 2) == round(730 * (0.045 + 0.005), 2)
    assert round(created["Aurora, capacity"].month, 2) == round(730 * 0.5 * 0.12, 2)
    assert "Your database" not in created
    assert not {"RDS Proxy", "NAT gateways"} & set(bill("brought"))


def test_the_page_says_where_its_figures_come_from() -> None:
    """Region, date and machine are named, and the sum of each size is the sum of its lines."""
    page = costs.page()
    known = books()

    for said in (known.prices["region"], known.prices["noted"], known.durations["measured"]):
        assert said in page
    assert known.durations["machine"] in page
    for size in SIZES:
        total = sum(line.month for line in bill(size).values())
        assert re.search(rf"\| \*\*together\*\* \| {total:,.2f} \|", page)


def test_durations_are_read_from_what_the_stack_says() -> None:
    """Requests by the function that answered, schedules by theirs; the first of each was cold."""
    said = (
        "\x1b[90m07:48:26\x1b[0m 200 GET     /health  \x1b[90m900 ms health Zzz=\x1b[0m\n"
        "07:48:27 200 GET     /health  2 ms health EFPcDJePT-8WiUc=\n"
        "07:48:27 200 POST    /v1/holds  x ms\n"
        "07:48:28 200 GET     /health  4 ms health EFPcDJePT-8WiUc=\n"
        "07:48:29 200 GET     /health  3 ms health EFPcDJePT-8WiUc=\n"
        "07:48:38 sched expire_holds  757 ms \n"
    )

    times = measure.milliseconds(said)

    assert times == {"Health": [900, 2, 4, 3], "ExpireHolds": [757]}
    assert "\nHealth = 3\n" in measure.text(times, {"Health": 10})
    assert "ExpireHolds =" not in measure.text(times, {"Health": 10})
