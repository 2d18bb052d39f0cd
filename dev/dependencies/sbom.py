"""`make sbom`: what a deployment ships of other people's, as CycloneDX JSON for other programs.

From the same sources as the layer and its notices: what is pinned, with the hashes that pip checks,
and the metadata of what is installed here. So each machine lists the same.
"""

import re
import sys
from importlib.metadata import distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dev.dependencies.notices import ROOT, licence, shipped

FILE = ".local/sam-build/sbom.cdx.json"  # beside what `sam build` makes
_ENTRY = re.compile(r"^([\w.-]+)==[^\\\n]+((?:\\\s+--hash=sha256:\w+\s+)+)", re.MULTILINE)


def document(version: str) -> str:
    """The whole file.

    Args:
        version: of Holdfast itself: the commit.
    """
    ours = Component(
        name="holdfast",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref="holdfast",
        licenses=[LicenseFactory().make_with_expression("Apache-2.0")],
    )
    components = {name: _component(name, number) for name, number in shipped()}
    bom = Bom(components=components.values())
    bom.metadata.component = ours
    bom.register_dependency(ours, [components[name] for name in _asked_for()])
    for name, component in components.items():
        bom.register_dependency(component, [components[each] for each in _needs(name)])
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _component(name: str, version: str) -> Component:
    page = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/project/{name}/{version}/"),
        comment="any one of these files, by platform",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in _hashes()[name]],
    )
    return Component(
        name=name,
        version=version,
        bom_ref=f"{name}=={version}",
        purl=PackageURL("pypi", name=name, version=version),
        licenses=[LicenseFactory().make_from_string(licence(distribution(name)))],
        external_references=[page],
    )


def _hashes() -> dict[str, list[str]]:
    """SHA-256 of every file that pip would take for a package."""
    text = (ROOT / "layers/core/requirements.txt").read_text(encoding="utf-8")
    return {name: re.findall(r"sha256:(\w+)", hashes) for name, hashes in _ENTRY.findall(text)}


def _asked_for() -> list[str]:
    """What we chose ourselves, and did not only come along."""
    text = (ROOT / "layers/core/requirements.in").read_text(encoding="utf-8")
    return [Requirement(line).name for line in text.splitlines() if line and line[0] != "#"]


def _needs(name: str) -> list[str]:
    """What a package says it needs, or can use, as far as it is shipped."""
    pinned = {name for name, _ in shipped()}
    named = {
        str(canonicalize_name(Requirement(each).name)) for each in distribution(name).requires or []
    }
    return sorted(named & pinned - {name})


def write(version: str) -> Path:
    """Write the file into the build's output; where it is."""
    path = ROOT / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document(version), encoding="utf-8")
    return path


def main(arguments: list[str]) -> int:
    """Write it for a version of Holdfast, and say where."""
    (version,) = arguments
    print(write(version).relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
