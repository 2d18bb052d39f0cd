"""docs/restoring.md only names existing things."""

import re
import subprocess
import sys

from dev.cloudformation import intrinsics
from tests.harness.database.cluster import ROOT

PAGE = (ROOT / "docs" / "restoring.md").read_text(encoding="utf-8")


def test_outputs_and_parameters_exist() -> None:
    """What the commands read from the stacks is in the templates."""
    main, database = (
        intrinsics.parse((ROOT / name).read_text(encoding="utf-8"))
        for name in ("template.yaml", "infra/database.yaml")
    )
    asked = {name: bool(nested) for name, nested in re.findall(r'\$\(output (\w+)( "\$D)?', PAGE)}
    parameters = set(re.findall(r"`(Database[A-Z]\w+)`|add(?:ing|ed) (Database\w+)=", PAGE))

    assert {name for name, nested in asked.items() if nested} <= set(database["Outputs"])
    assert {name for name, nested in asked.items() if not nested} <= set(main["Outputs"])
    assert {a or b for a, b in parameters} <= set(main["Parameters"])
    assert len(asked) == 5
    assert "Database" in main["Resources"]


def test_the_command_takes_its_options() -> None:
    """The options on the page are those of the program, and its messages are explained."""
    told = subprocess.run(
        [sys.executable, "-m", "dev.cloud.after_restore", "--help"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout
    commands = re.findall(r"-m dev\.cloud\.after_restore ((?:[^\n]*\\\n)*[^\n]*)", PAGE)
    source = (ROOT / "dev" / "cloud" / "after_restore.py").read_text(encoding="utf-8")
    explained = re.findall(r"^\| ([a-z][^|]*) \| ", PAGE.partition("| It says |")[2], re.MULTILINE)

    options = {option for command in commands for option in re.findall(r"--[a-z-]+", command)}
    assert options <= set(re.findall(r"--[a-z-]+", told))
    assert "--give-back" in options
    assert [words for words in explained if words.partition(":")[0] not in source] == []
    assert len(explained) >= 5
