"""Ids of rows that a function makes."""

import secrets
import time
from uuid import UUID


def new() -> UUID:
    """A time-ordered UUID (version 7), so that new rows are side by side in the indexes."""
    stamp = int(time.time() * 1000) << 80
    return UUID(
        int=stamp | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    )
