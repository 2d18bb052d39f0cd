"""The pages of web/: files as they are, for GET and HEAD, under the headers of the template.

CloudFront serves the same files in the cloud. What it adds there (the Content-Security-Policy and
its like, compression, the second address of the page for frames) is added here, from the same
declaration. A page is a folder of web/; what several pages use is in web/shared, and is served
below each of them, as shared/.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from dev.stack.http_message import Request, Response

EMBED = "/embed"  # the page again, under headers that let other sites frame it
SHARED = "shared"
_SMALL = 500  # bytes that are not worth compressing
_TEXTS = ("text/", "image/svg+xml", "application/javascript", "application/json")


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is sent."""

    kind: str
    etag: str
    content: bytes
    zipped: bytes | None


class Pages:
    """Serves the files below one folder, and index.html for a folder.

    Args:
        folder: where the files lie.
        headers: what every answer carries.
        embed_headers: what the page carries instead under EMBED; None: there is no such address.
        shared: the folder whose files are served below /shared.
    """

    def __init__(
        self,
        folder: Path,
        headers: Mapping[str, str] | None = None,
        embed_headers: Mapping[str, str] | None = None,
        *,
        shared: Path | None = None,
    ) -> None:
        self._folder = folder.resolve()
        self._shared = shared.resolve() if shared else None
        self._headers = dict(headers or {})
        self._embed_headers = embed_headers

    def serve(self, request: Request) -> Response | None:
        """The file, or None if there is none by that path."""
        if request.method not in ("GET", "HEAD"):
            return None
        path, common = unquote(request.path), self._headers
        if path == EMBED and self._embed_headers is not None:
            path, common = "/", dict(self._embed_headers)
        found = self._find(path)
        if found is None:
            return None
        file = _read(found, found.stat().st_mtime_ns)
        zipped = file.zipped if "gzip" in (request.header("accept-encoding") or "") else None
        headers = [
            ("content-type", file.kind),
            ("etag", file.etag),
            ("vary", "accept-encoding"),
            *({"cache-control": "no-cache", "x-content-type-options": "nosniff"} | common).items(),
        ]
        if file.etag in (request.header("if-none-match") or ""):
            return Response(304, headers[1:])
        if zipped is not None:
            return Response(200, [*headers, ("content-encoding", "gzip")], zipped)
        return Response(200, headers, file.content)

    def _find(self, path: str) -> Path | None:
        parts = path.split("/")[1:]
        if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        folder, names = self._folder, [*filter(None, parts)]
        if self._shared is not None and names[:1] == [SHARED]:
            folder, names = self._shared, names[1:]
        found = folder.joinpath(*names).resolve()
        if not found.is_relative_to(folder):  # a link may lead out
            return None
        if found.is_dir():
            found /= "index.html"
        return found if found.is_file() else None


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> _File:
    """The file, read and compressed again when it has changed."""
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_text = kind.startswith(_TEXTS)
    if is_text and kind != "image/svg+xml":
        kind += "; charset=utf-8"
    # weak: the same file may be sent compressed or not
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    zipped = gzip.compress(content, 9, mtime=0) if is_text and len(content) > _SMALL else None
    return _File(kind, etag, content, zipped)
