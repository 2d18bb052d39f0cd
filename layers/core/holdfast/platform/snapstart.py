"""Taking part in SnapStart: what must not be in a snapshot, and what must differ after it.

Lambda starts a published version once, writes its memory down, and lets every environment begin
with a copy. A function takes part by calling `take_part` in its handler's module.

Before the snapshot, what the first request would otherwise have to load is loaded, and everything
that is an environment's own is forgotten: the connection, secrets, clients that hold a key. They
come back at first use; not in the hook afterwards, which runs while a caller already waits, and in
which an unreachable database would be a broken start instead of a 503.

Random numbers. `secrets`, `uuid4` and `random.SystemRandom` ask the operating system, which Lambda
reseeds. The module `random` does not; it spreads our retries and botocore's, so it is seeded again.
psycopg brings its own OpenSSL, whose generator starts with the first connection and would be copied
with the rest: nothing may connect before the snapshot, and nothing does, because importing a
handler opens no socket (tests/structure).

Source: the AWS Lambda developer guide, "Handling uniqueness with Lambda SnapStart" and "Runtime
hooks for Python"; awslambdaric, which runs them.
"""

import functools
import random
import sys

from holdfast.platform import database

# Modules and their cached values that belong to one environment. Other modules' are constants.
CACHES = {
    "holdfast.platform.settings": ("settings",),
    "holdfast.stripe.gateway": ("client",),
    "holdfast.outbox.mail": ("_client",),
    "holdfast.api.idempotency": ("_guarded",),
}


@functools.cache
def take_part() -> None:
    """Register the hooks; called while the handler's module is imported.

    Lambda's runtime brings the module of the hooks; elsewhere there may be none, and no snapshots.
    """
    try:
        from snapshot_restore_py import (  # noqa: PLC0415 only in Lambda's runtime
            register_after_restore,
            register_before_snapshot,
        )
    except ImportError:
        return
    register_before_snapshot(before_snapshot)
    register_after_restore(after_restore)


def before_snapshot() -> None:
    """Load what is the same everywhere, and forget what is not."""
    if "holdfast.api.idempotency" in sys.modules:
        sys.modules["holdfast.api.idempotency"].preload()
    forget()


def after_restore() -> None:
    """Differ from the other environments."""
    random.seed()
    forget()


def forget() -> None:
    """Drop the connection and every cached secret or client; each is made again at first use."""
    database.disconnect()
    if "holdfast.api.limits" in sys.modules:
        sys.modules["holdfast.api.limits"].forget()
    for module, names in CACHES.items():
        for name in names:
            if module in sys.modules:
                getattr(sys.modules[module], name).cache_clear()
