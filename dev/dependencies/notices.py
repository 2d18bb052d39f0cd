"""The other packages that the layer ships, and their licences: layers/core/THIRD-PARTY-NOTICES.

From the metadata of what is installed here, which is what `layers/core/requirements.txt` pins.
"""

import re
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.MULTILINE)
_TEXTS = re.compile(r"(?i)^(licen[cs]e|copying|notice|copyright)")
_HEAD = """\
Holdfast ships these packages in its layer, unchanged, as their authors publish them. Each is under
its own licence; the texts follow the list. Of those under the LGPL and the MPL the source is at the
addresses named; both may be exchanged for other versions in layers/core/requirements.txt.
"""


def shipped() -> list[tuple[str, str]]:
    """Name and version of every package in the layer."""
    text = (ROOT / "layers/core/requirements.txt").read_text(encoding="utf-8")
    return sorted(_PINNED.findall(text))


def licence(found: Distribution) -> str:
    """A package's licence by its own metadata: SPDX, otherwise its classifiers or the short
    name.
    """
    metadata = found.metadata
    if "License-Expression" in metadata:
        return str(metadata["License-Expression"])
    classified = [
        each.rpartition(" :: ")[2]
        for each in metadata.get_all("Classifier") or []
        if each.startswith("License :: ")
    ]
    said = str(metadata["License"]) if "License" in metadata else ""
    return ", ".join(classified) or said.split("\n")[0]


def page() -> str:
    """The whole file."""
    lines, texts = [_HEAD], []
    for name, version in shipped():
        found = distribution(name)
        if found.version != version:
            raise ValueError(f"{name} is {found.version} here, and {version} in the layer")
        lines.append(f"{name} {version}: {licence(found)}\n    https://pypi.org/project/{name}/")
        for title, text in _texts(found):
            texts.append(f"{'=' * 100}\n{name}: {title}\n\n{text.strip()}\n")
    return "\n".join(lines) + "\n\n" + "\n".join(texts)


def _texts(found: Distribution) -> list[tuple[str, str]]:
    assert isinstance(found, PathDistribution)
    texts = {}
    for file in found.files or ():
        if ".dist-info" in file.parts[0] and _TEXTS.match(file.name):
            lines = file.read_text(encoding="utf-8").splitlines()
            texts[file.name] = "\n".join(line.rstrip() for line in lines)
    return sorted(texts.items())
