"""Plain words: code, comments, documents and tests avoid a short list of stilted ones.

docs/glossary.md has the words of the house. What is listed here was English of a kind, but not what
a native reader finds natural, or one of several words for one thing.
"""

import re
from pathlib import Path

import pytest

from tests.harness.database.cluster import ROOT

BANNED = {
    r"anew": "again",
    r"who(?:m|se)?(?:so)?ever": "say who: the caller, the next request, the holder",
    r"(?:some|any|no|every)bod(?:y(?:'s)?|ys|ies)": "say who, or use the passive: a customer, none",
    r"that there (?:is|are)(?=\s*(?:[.,;:)\"]|$))": "existing",
    r"kept\s+elsewhere": "external",
    r"in vain": "refused, without an offer, could not",
    r"(?:is|are|be|been|was|were)\s+told": "gets, sees, is sent",
    r"plac(?:e|es)\s+in\s+the\s+waitlist": "waitlist entry",
    r"the\s+release\s+before": "the previous release",
    r"(?:is|are|be|was|were)\s+passed\s+by": "is skipped",
    r"goes?\s+without\s+saying": "leave it out",
    r"(?:is|are)\s+nobody else's": "is free, is taken",
    r"makes?\s+good": "repairs, completes",
    r"by\s+the\s+word\s+of": "as … reports",
    r"whatever\s+becomes\s+of": "however it ends",
    r"ha(?:s|ve|d)\s+heard\s+of": "knows of",
}
_FOUND = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(BANNED)})(?![A-Za-z])", re.IGNORECASE)
# The account of that name, and names and addresses of people who do not exist.
_MEANT = re.compile(r"`nobody`|\"nobody\"|nobody@|customer_email=nobody|/nobody\"|'Somebody'")
_READ = ("*.md", "*.py", "*.sql", "*.yaml", "*.toml", "*.js", "*.html", "*.css", "*.c", "Makefile")
_FOLDERS = (
    *("sql", "layers/core/holdfast", "functions", "dev", "docs", "web", "infra", "bench", "tests"),
)
# What was decided, applied or recorded is left as it was written; and here the words are listed.
_LEFT = re.compile(
    r"^(docs/adr/|sql/migrations/|sql/schema\.sql$|docs/pictures/|tests/answers/|"
    r"tests/upgrades/[0-9a-f]{7}/|tests/structure/test_words\.py$)"
)


def _files() -> list[Path]:
    found = [path for folder in _FOLDERS for kind in _READ for path in (ROOT / folder).rglob(kind)]
    found += [path for kind in _READ for path in ROOT.glob(kind)]
    return sorted(
        path
        for path in found
        if not path.is_symlink() and not _LEFT.match(path.relative_to(ROOT).as_posix())
    )


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", _files(), ids=_name)
def test_words_are_plain(path: Path) -> None:
    """None of the listed words is in a file, be it code, a comment, a document or a test."""
    text = path.read_text(encoding="utf-8")
    found = [
        f"{number}: {line.strip()}"
        for number, line in enumerate(text.splitlines(), 1)
        if _FOUND.search(_MEANT.sub("", line))
    ]

    assert found == []


def test_the_glossary_is_short_and_each_word_stands_once() -> None:
    """At most forty words, in alphabetical order."""
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE)

    assert 20 < len(words) <= 40
    assert words == sorted(set(words), key=str.lower)


def test_the_glossary_is_linked_from_where_readers_begin() -> None:
    """README, ARCHITECTURE and CONTRIBUTING lead to it."""
    for page in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        assert "docs/glossary.md" in (ROOT / page).read_text(encoding="utf-8"), page
