"""The pages in web/: what they share knows none of them, and all their addresses lead to files."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from dev.stack.static import SHARED
from tests.harness.database.cluster import ROOT

WEB = ROOT / "web"
PAGES = sorted(path.parent for path in WEB.glob("*/index.html"))
SCRIPT = re.compile(r"""(?:\bfrom "|^import "|\bimport\(["'`])([^"'`]+)""", re.M)
MARKUP = re.compile(r"""\b(?:href|src)="([^"]+)\"""")
WORDS = re.compile(r"""\bt\("([\w.]+)\"""")


def _files(folder: Path) -> dict[str, Path]:
    return {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}


def _addresses(page: Path) -> dict[str, Path]:
    """The files of a page as they are served, with shared/ below it."""
    return _files(page) | {f"{SHARED}/{name}": path for name, path in _files(WEB / SHARED).items()}


def _targets(name: str, path: Path) -> Iterator[str]:
    """Where the addresses in a file lead, from the page's own folder."""
    pattern = {".js": SCRIPT, ".html": MARKUP}.get(path.suffix)
    for target in pattern.findall(path.read_text(encoding="utf-8")) if pattern else ():
        yield posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def _leads(target: str, files: Iterable[str]) -> bool:
    """A part that a module fills in may be anything: one matching file is enough."""
    pattern = re.sub(r"\$\{\w+\}", "*", target)
    return any(fnmatchcase(name, pattern) for name in files)


def test_there_are_pages() -> None:
    """The tests below would pass without any."""
    assert WEB / "booking" in PAGES
    assert len(list(_targets("app.js", WEB / "booking" / "app.js"))) > 15


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_addresses_are_relative_and_lead_to_files(page: Path) -> None:
    """So a page works in any folder of a site; no page has a folder shared/ of its own."""
    files = _addresses(page)
    wrong = [
        f"{name}: {target}"
        for name, path in files.items()
        for target in _targets(name, path)
        if target != "." and not _leads(target, files)
    ]

    assert wrong == []
    assert not (page / SHARED).exists()


@pytest.mark.parametrize("path", sorted((WEB / SHARED).glob("*.js")), ids=lambda path: path.name)
def test_what_is_shared_imports_only_what_is_shared(path: Path) -> None:
    """A page passes in its own parts: configuration, storage, texts."""
    files = _files(WEB / SHARED)

    assert [target for target in _targets(path.name, path) if not _leads(target, files)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_the_words_that_shared_modules_say(page: Path) -> None:
    """Few, in each of its languages."""
    said = {
        key
        for path in (WEB / SHARED).glob("*.js")
        for key in WORDS.findall(path.read_text(encoding="utf-8"))
    }
    languages = sorted((page / "i18n").glob("*.js"))

    assert said
    assert languages
    for language in languages:
        has = set(re.findall(r'^  "([\w.]+)":', language.read_text(encoding="utf-8"), re.M))
        assert said - has == set(), language.name
