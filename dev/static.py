"""The pages of web/: files as they lie there, for GET and HEAD."""

import hashlib
import mimetypes
from pathlib import Path
from urllib.parse import unquote

from dev.wire import Request, Response


class Pages:
    """Serves the files below one folder, and index.html for a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def serve(self, request: Request) -> Response | None:
        """The file, or None if there is none by that path."""
        if request.method not in ("GET", "HEAD"):
            return None
        file = self._find(unquote(request.path))
        if file is None:
            return None
        content = file.read_bytes()
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind in ("application/javascript", "application/json"):
            kind += "; charset=utf-8"
        headers = [
            ("content-type", kind),
            ("cache-control", "no-cache"),
            ("etag", etag),
            ("x-content-type-options", "nosniff"),
        ]
        if etag in (request.header("if-none-match") or ""):
            return Response(304, headers[1:])
        return Response(200, headers, content)

    def _find(self, path: str) -> Path | None:
        parts = path.split("/")[1:]
        if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        found = self._folder.joinpath(*filter(None, parts)).resolve()
        if not found.is_relative_to(self._folder):  # a link may lead out
            return None
        if found.is_dir():
            found /= "index.html"
        return found if found.is_file() else None
