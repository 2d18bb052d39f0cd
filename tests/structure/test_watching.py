"""Alarms, dashboard, runbook and metrics agree."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dev.cloudformation.intrinsics import parse
from holdfast.platform.observability import METRICS
from tests.harness.database.cluster import ROOT
from tests.harness.database.migrated import Database

WATCHING = parse((ROOT / "infra/watching.yaml").read_text(encoding="utf-8"))
TEMPLATE = parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
SHIPPED = [*(ROOT / "layers").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
DIMENSIONS = [
    {"Name": "service", "Value": "holdfast"},
    {"Name": "stage", "Value": {"Ref": "Stage"}},
]


def _alarms() -> dict[str, Mapping[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in WATCHING["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


ALARMS = _alarms()


def _entries() -> dict[str, str]:
    """The runbook's entries by heading, of the second and the third level."""
    parts = re.split(r"^##+ (.+)$", RUNBOOK, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _anchor(heading: str) -> str:
    """As GitHub makes them."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _dashboard() -> list[Mapping[str, Any]]:
    body = WATCHING["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets: list[Mapping[str, Any]] = json.loads(body)["widgets"]
    return widgets


def _shown() -> set[str]:
    """Our metrics on the dashboard; a dot repeats the value above it."""
    names = set()
    for widget in _dashboard():
        namespace = ""
        for metric in widget["properties"]["metrics"]:
            if isinstance(metric[0], str) and metric[0] not in {".", "..."}:
                namespace = metric[0]
            if namespace == "Holdfast" and len(metric) > 1:
                names.add(metric[1])
    return names


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", RUNBOOK, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_has_its_entry(name: str) -> None:
    """It has what the alarm means, where to look and what to do, and the alarm's text links to
    it.
    """
    entry = _entries()[name]

    assert [word for word in ("**Means**", "**Look**", "**Do**") if word not in entry] == []
    assert ALARMS[name]["AlarmDescription"].endswith(f" docs/runbook.md#{_anchor(name)}")
    assert ALARMS[name]["AlarmName"] == {"Fn::Sub": "${System}-" + name}


def test_an_entry_named_as_an_alarm_has_one() -> None:
    """A heading of one word is an alarm's; other entries are about what has no alarm of its own."""
    words = {heading for heading in _entries() if re.fullmatch(r"([A-Z][a-z]+){2,}", heading)}

    assert words - set(ALARMS) == set()


def test_alarms_of_the_template_have_an_entry() -> None:
    """Those that roll a deployment back are explained too."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    anchors = set(re.findall(r"docs/runbook\.md#([\w-]+)", text))

    assert anchors
    assert anchors - {_anchor(heading) for heading in _entries()} == set()
    assert text.count("AWS::CloudWatch::Alarm") == text.count("docs/runbook.md#")


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_notifies_and_decides_about_missing_data(name: str) -> None:
    """It goes to the topic in both directions; how it treats missing data is chosen.

    Proves: ASVS 16.3.4
    """
    alarm = ALARMS[name]

    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
    silence = "breaching" if name.endswith("Stopped") else "notBreaching"
    assert alarm["TreatMissingData"] == silence


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_looks_as_far_back_as_it_may(name: str) -> None:
    """CloudWatch: at most a day, or seven days for periods of an hour and more."""
    alarm = ALARMS[name]
    stats = [metric.get("MetricStat", {}) for metric in alarm.get("Metrics", [])]
    (period,) = {int(of["Period"]) for of in [alarm, *stats] if "Period" in of}

    assert period * int(alarm["EvaluationPeriods"]) <= (604_800 if period >= 3600 else 86_400)


def test_alarms_are_about_metrics_that_exist() -> None:
    """Of ours they use listed names, with exactly the dimensions that functions write."""
    ours = [alarm for alarm in ALARMS.values() if alarm.get("Namespace") == "Holdfast"]

    assert ours
    assert [a["MetricName"] for a in ours if a["MetricName"] not in METRICS] == []
    assert [a["MetricName"] for a in ours if a["Dimensions"] != DIMENSIONS] == []


def test_every_schedule_is_missed() -> None:
    """There is an alarm for every function that stops running."""
    functions = {name: r for name, r in TEMPLATE["Resources"].items() if name.endswith("Function")}
    scheduled = {
        name
        for name, function in functions.items()
        for event in (function["Properties"].get("Events") or {}).values()
        if event["Type"] == "ScheduleV2"
    }
    missed = {
        alarm["Dimensions"][0]["Value"]["Ref"]
        for name, alarm in ALARMS.items()
        if name.endswith("Stopped")
    }

    assert scheduled == missed


def test_the_template_passes_what_the_alarms_need() -> None:
    """All parameters without a default, and no other."""
    passed = TEMPLATE["Resources"]["Watching"]["Properties"]["Parameters"]
    declared = WATCHING["Parameters"]
    needed = {name for name, parameter in declared.items() if "Default" not in parameter}

    assert needed <= set(passed) <= set(declared)
    for name, value in passed.items():
        if name.endswith("Function"):
            assert value == {"Ref": name}


def _summed(name: str) -> list[Any]:
    """What an alarm over several functions adds up."""
    stats = [m["MetricStat"] for m in ALARMS[name]["Metrics"] if "MetricStat" in m]
    return [stat["Metric"]["Dimensions"][0]["Value"] for stat in stats]


def test_an_alarm_adds_up_ten_metrics_at_most() -> None:
    """CloudWatch refuses to make one with more, and the deployment with it."""
    added = {
        name: sum("MetricStat" in metric for metric in alarm["Metrics"])
        for name, alarm in ALARMS.items()
        if "Metrics" in alarm
    }

    assert added
    assert {name: count for name, count in added.items() if count > 10} == {}


def test_throttling_is_watched_in_all_functions_of_the_api() -> None:
    """Each function with a route is in one of the lists that template.yaml passes, and in its sum.

    The two that need no database, and answer in its place, are watched by how the API fails.
    """
    passed = TEMPLATE["Resources"]["Watching"]["Properties"]["Parameters"]
    listed = []
    for name, alarm in {"Customer": "ApiThrottled", "Shop": "ShopApiThrottled"}.items():
        functions = passed[f"{name}Functions"]["Fn::Join"][1]
        selected = [value["Fn::Select"] for value in _summed(alarm)]
        assert [(int(n), of) for n, of in selected] == [
            (n, {"Ref": f"{name}Functions"}) for n in range(len(functions))
        ]
        listed += [function["Ref"] for function in functions]
    routed = {
        name
        for name, resource in TEMPLATE["Resources"].items()
        for event in ((resource["Properties"] or {}).get("Events") or {}).values()
        if event["Type"] == "HttpApi"
    }

    assert len(listed) == len(set(listed))
    assert set(listed) == routed - {"HealthFunction", "OpenapiFunction"}


def test_the_dashboard_shows_metrics_that_exist() -> None:
    """Its names are listed; all gauges are on it, and everything that our alarms use."""
    gauges = {name for name, metric in METRICS.items() if metric.unit.value == "Seconds"}
    alarmed = {a["MetricName"] for a in ALARMS.values() if a.get("Namespace") == "Holdfast"}

    assert _shown() - set(METRICS) == set()
    assert (gauges | alarmed | {"EffectsDead", "RefundsFailed"}) - _shown() == set()


def test_widgets_do_not_overlap() -> None:
    """Each has its place in rows of three."""
    places = [(widget["x"], widget["y"]) for widget in _dashboard()]

    assert places == [(x, y) for y in range(0, 24, 6) for x in (0, 8, 16)]


def _counted(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id not in {"count", "gauge"} or not node.args:
                continue
            said = node.args[0]  # a name, or one of two
            for part in [said.body, said.orelse] if isinstance(said, ast.IfExp) else [said]:
                if isinstance(part, ast.Constant):
                    yield str(part.value)


def test_what_is_counted_is_listed() -> None:
    """An unlisted name would fail the request that counts it."""
    counted = {name for path in SHIPPED for name in _counted(path)}

    assert {"HoldCreated", "BookingMoved", "ChangeBegun"} <= counted
    assert counted - set(METRICS) == set()


def test_links_of_the_runbook_lead_somewhere() -> None:
    """To its own headings, and to existing files."""
    anchors = {_anchor(heading) for heading in _entries()}
    targets = set(re.findall(r"\]\(([^)\s]+)\)", RUNBOOK))
    own = {target for target in targets if target.startswith("#")}

    assert {target[1:] for target in own} - anchors == set()
    for target in targets - own:
        file, _, anchor = target.partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / file).read_text(), re.MULTILINE)
        assert not anchor or anchor in {_anchor(heading) for heading in headings}, target


@pytest.mark.parametrize("block", _blocks("sql"), ids=lambda block: " ".join(block.split())[:50])
def test_sql_of_the_runbook_runs(database: Database, block: str) -> None:
    """As an operator would paste it at night, with the role that sees all tenants."""
    with database.connect() as connection:
        connection.execute("set role holdfast_system")

        connection.execute(block.encode())


@pytest.mark.parametrize(
    "block", _blocks("insights"), ids=lambda block: " ".join(block.split())[:50]
)
def test_queries_of_the_runbook_ask_for_lines_that_are_written(block: str) -> None:
    """Messages and fields of a query are words that the code writes."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SHIPPED)
    messages = re.findall(r'message = "([^"]+)"', block)
    fields = re.search(r"^fields (.+)$", block, re.MULTILINE)
    named = set() if fields is None else set(re.split(r",\s*", fields[1]))
    named -= {"@timestamp", "message", "level"}  # CloudWatch's and Powertools' own

    assert [message for message in messages if f'"{message}"' not in code] == []
    assert [name for name in named if not re.search(rf'\b{name}"?[=:]', code)] == []


def test_the_topic_is_encrypted_with_a_key_that_alarms_may_use() -> None:
    """CloudWatch cannot publish under the AWS-managed key, and would not report it."""
    resources = WATCHING["Resources"]
    statements = resources["AlarmKey"]["Properties"]["KeyPolicy"]["Statement"]
    service = [s for s in statements if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]

    assert resources["AlarmTopic"]["Properties"]["KmsMasterKeyId"] == {
        "Fn::GetAtt": ["AlarmKey", "Arn"]
    }
    assert [s["Action"] for s in service] == [["kms:Decrypt", "kms:GenerateDataKey*"]]
    assert service[0]["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
