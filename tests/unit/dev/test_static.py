"""The files of a page as CloudFront would send them: headers, compression, shared/, /embed."""

import gzip
from pathlib import Path

import pytest

from dev.cloudformation.template import load
from dev.stack.http_message import Request, Response
from dev.stack.static import Pages

ROOT = Path(__file__).parents[3]
TEXT = "const a = 1;\n" * 100


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "index.html").write_text("<p>Book</p>")
    (tmp_path / "app.js").write_text(TEXT)
    return Pages(tmp_path, {"x-policy": "page"}, {"x-policy": "embed"})


def _get(pages: Pages, path: str, **headers: str) -> Response:
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    response = pages.serve(Request("GET", path, "", given, b"", "", "HTTP/1.1"))
    assert response is not None
    return response


def test_text_is_compressed_for_those_who_take_it(pages: Pages) -> None:
    """The same ETag both ways, because it is the same file; Vary tells caches that it differs."""
    zipped, plain = _get(pages, "/app.js", accept_encoding="br, gzip"), _get(pages, "/app.js")

    assert gzip.decompress(zipped.body).decode() == plain.body.decode() == TEXT
    assert dict(zipped.headers)["content-encoding"] == "gzip"
    assert "content-encoding" not in dict(plain.headers)
    assert dict(zipped.headers)["etag"] == dict(plain.headers)["etag"]
    assert dict(plain.headers)["vary"] == "accept-encoding"


def test_a_changed_file_is_sent_again(pages: Pages, tmp_path: Path) -> None:
    """304 until it changes; then its new text."""
    etag = dict(_get(pages, "/app.js").headers)["etag"]
    assert _get(pages, "/app.js", if_none_match=etag).status == 304
    (tmp_path / "app.js").write_text("2;")
    again = _get(pages, "/app.js", if_none_match=etag)

    assert (again.status, again.body) == (200, b"2;")


def test_the_page_has_two_addresses_with_headers_of_their_own(pages: Pages) -> None:
    """/embed is the page again, for frames."""
    page, embed = _get(pages, "/"), _get(pages, "/embed")

    assert page.body == embed.body == b"<p>Book</p>"
    assert dict(page.headers)["x-policy"] == "page"
    assert dict(embed.headers)["x-policy"] == "embed"


def test_what_pages_share_is_served_below_each(tmp_path: Path) -> None:
    """shared/ is another folder, beside the page's own; no address and no link leads out of it."""
    page, shared = tmp_path / "page", tmp_path / "common"
    for folder in (page, shared):
        folder.mkdir()
        (folder / "a.js").write_text(folder.name)
    (shared / "out.js").symlink_to(page / "a.js")
    pages = Pages(page, {"x-policy": "page"}, shared=shared)
    own, common = _get(pages, "/a.js"), _get(pages, "/shared/a.js")

    assert (own.body, common.body) == (b"page", b"common")
    assert dict(common.headers)["x-policy"] == "page"
    for path in ("/shared", "/shared/", "/shared/b.js", "/shared/out.js", "/shared/../page/a.js"):
        assert pages.serve(Request("GET", path, "", [], b"", "", "HTTP/1.1")) is None, path


def test_the_template_tells_the_headers() -> None:
    """Both policies are the same except for which sites may frame the page: those that are named,
    or none.
    """
    sites = "https://one.example https://two.example"
    given = {"ServeBookingPage": "yes", "EmbedOrigins": sites}
    headers = load(ROOT / "template.yaml", given).headers
    page, embed = headers["PageHeaders"], headers["EmbedHeaders"]
    page_policy, page_frames = page["content-security-policy"].split("frame-ancestors ")
    embed_policy, embed_frames = embed["content-security-policy"].split("frame-ancestors ")

    assert page_policy == embed_policy
    assert (page_frames, embed_frames) == ("'none'", sites)
    usual = load(ROOT / "template.yaml", {"ServeBookingPage": "yes"}).headers["EmbedHeaders"]
    assert usual["content-security-policy"].endswith("frame-ancestors 'none'")
    rest = [{k: v for k, v in each.items() if "policy" not in k} for each in (page, embed)]
    assert rest[0] == rest[1]
    assert load(ROOT / "template.yaml").headers == {}
