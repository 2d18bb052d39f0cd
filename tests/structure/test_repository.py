"""What no file of the repository may contain, and what each must."""

import re
import subprocess
from pathlib import Path

from tests.harness.database.cluster import ROOT

TEXT = {".py", ".sql", ".md", ".toml", ".yaml", ".yml", ".txt", ".in", ".json", ".html", ".js", ""}

# Put together here, so that this file does not contain them.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME"]) + r")\b")
# An address of a package index; those under .example belong to no one.
INDEXES = re.compile(r"https?://(?![\w.]*\.example/)[^/\s]+/sim" + "ple|python" + "hosted")
SKIPS = re.compile(r"pytest\.(mark\.)?(" + "|".join(["skip", "xfail", "importorskip"]) + ")")


def _files() -> list[Path]:
    """What is, or is about to be, under version control."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-coz", "--exclude-standard"],
        check=True,
        capture_output=True,
        cwd=ROOT,
    ).stdout.decode()
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix in TEXT]


def _containing(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in _files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_is_left_unfinished() -> None:
    """What is still to be done is in an issue, not in a file."""
    assert _containing(UNFINISHED) == []


def test_no_test_is_skipped() -> None:
    """A test that does not run proves nothing."""
    assert _containing(SKIPS) == []


def test_no_path_of_this_machine() -> None:
    """The checkout works in any folder."""
    assert _containing(re.compile(re.escape(f"{ROOT}/"))) == []


def test_no_address_of_a_package_index() -> None:
    """The index comes from the installer's settings; the hashes say what is right."""
    requirements = [
        line
        for path in (*ROOT.glob("requirements/*.txt"), ROOT / "layers/core/requirements.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "://" in line or (line.startswith("-") and not line.startswith("-r "))
    ]

    assert (requirements, _containing(INDEXES)) == ([], [])


def test_every_requirement_has_hashes() -> None:
    """A pinned version without a hash could be any file.

    Proves: ASVS 15.1.2
    """
    bare = []
    for path in (*ROOT.glob("requirements/*.txt"), ROOT / "layers/core/requirements.txt"):
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            if re.match(r"[A-Za-z0-9]", line) and not re.search(r"==.*--hash=sha256:", line):
                bare.append(f"{path.relative_to(ROOT)}: {line[:60]}")

    assert bare == []


def test_every_module_says_what_it_is() -> None:
    """A Python file opens with a docstring, `conftest.py` and empty packages too."""
    silent = [
        str(path.relative_to(ROOT))
        for path in _files()
        if path.suffix == ".py"
        and not re.match(r'(#![^\n]*\n)?r?"""', path.read_text(encoding="utf-8"))
    ]

    assert silent == []
