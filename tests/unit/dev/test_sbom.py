"""What a deployment ships of others is listed for other programs."""

import json
import re

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from dev.dependencies import notices, sbom
from tests.harness.database.cluster import ROOT

REQUIREMENTS = ROOT / "layers/core/requirements.txt"


def test_it_is_what_cyclonedx_asks_for() -> None:
    """The file is valid by the schema of its version, and strictly so.

    Proves: ASVS 15.1.2
    """
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.document("abc1234")) is None


def test_every_package_is_listed_with_where_it_comes_from() -> None:
    """Its address, every hash that is pinned, and its licence.

    Proves: ASVS 15.1.2
    """
    listed = json.loads(sbom.document("abc1234"))["components"]

    hashes = [
        each["content"]
        for component in listed
        for source in component["externalReferences"]
        for each in source["hashes"]
    ]
    pinned = re.findall(r"--hash=sha256:(\w+)", REQUIREMENTS.read_text(encoding="utf-8"))
    assert [component["purl"] for component in listed] == [
        f"pkg:pypi/{name}@{version}" for name, version in notices.shipped()
    ]
    assert sorted(hashes) == sorted(pinned)
    assert all(component["licenses"] for component in listed)


def test_it_says_what_needs_what() -> None:
    """Every package is reached from Holdfast: nothing is shipped that nothing asks for.

    Proves: ASVS 15.2.3
    """
    document = json.loads(sbom.document("abc1234"))
    needs = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}

    reached, waiting = set(), [document["metadata"]["component"]["bom-ref"]]
    while waiting:
        one = waiting.pop()
        reached.add(one)
        waiting += [each for each in needs[one] if each not in reached]
    assert document["metadata"]["component"]["version"] == "abc1234"
    assert reached == {"holdfast"} | {each["bom-ref"] for each in document["components"]}
