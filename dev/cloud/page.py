"""The files of the booking page, into the bucket behind CloudFront."""

import mimetypes
import uuid
from pathlib import Path
from typing import Any

_LEFT_OUT = {"config.js"}  # CloudFront answers it with this deployment's address and key
_TEXT = {"text/html", "text/css", "text/javascript", "application/json"}


def upload(s3: Any, cloudfront: Any, folder: Path, bucket: str, distribution: str) -> int:
    """Make the bucket hold exactly these files, and CloudFront fetch them again.

    Returns:
        How many files there are.
    """
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() not in _LEFT_OUT
    }
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


def _type(path: Path) -> str:
    if path.suffix == ".js":
        return "text/javascript; charset=utf-8"
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed in _TEXT else guessed
