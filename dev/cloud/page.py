"""The files of the booking page, into the bucket behind CloudFront."""

import mimetypes
import uuid
from pathlib import Path
from typing import Any

from dev.stack.static import SHARED

_LEFT_OUT = {"config.js"}  # CloudFront answers it with this deployment's address and key
_TEXT = {"text/html", "text/css", "text/javascript", "application/json"}


def upload(s3: Any, cloudfront: Any, web: Path, bucket: str, distribution: str) -> int:
    """Make the bucket hold exactly the page's files, and CloudFront fetch them again.

    Args:
        web: has the page in booking/; what it shares with other pages, in shared/, goes below it.

    Returns:
        How many files there are.
    """
    files = _below(web / "booking", "") | _below(web / SHARED, f"{SHARED}/")
    for name in _LEFT_OUT:
        del files[name]
    # index.html last: a visitor in between gets either page whole
    for key in sorted(files, key=lambda each: (each == "index.html", each)):
        s3.put_object(
            Bucket=bucket, Key=key, Body=files[key].read_bytes(), ContentType=_type(files[key])
        )
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for old in {each["Key"] for page in pages for each in page.get("Contents", [])} - files.keys():
        s3.delete_object(Bucket=bucket, Key=old)
    cloudfront.create_invalidation(
        DistributionId=distribution,
        InvalidationBatch={
            "Paths": {"Quantity": 1, "Items": ["/*"]},
            "CallerReference": str(uuid.uuid4()),
        },
    )
    return len(files)


def _below(folder: Path, prefix: str) -> dict[str, Path]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {prefix + path.relative_to(folder).as_posix(): path for path in paths}


def _type(path: Path) -> str:
    if path.suffix == ".js":
        return "text/javascript; charset=utf-8"
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed in _TEXT else guessed
