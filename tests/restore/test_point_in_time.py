"""A base backup and the archived WAL bring the database back as it was at any moment in between."""

from pathlib import Path

import pytest

from tests.harness.database.digests import digests
from tests.harness.laws.invariants import violations
from tests.restore.archived import archived
from tests.restore.story import Mark, Shop, ten


def busy_morning(shop: Shop) -> Mark:
    """Bookings in many states, and the moment after that; then one more, which comes after it."""
    paid = shop.hold(7)
    shop.pay(paid)
    shop.move_for_less(paid, 8)
    shop.system.run_outbox()
    shop.system.checkout(shop.hold(9))  # looks at its payment page
    left = shop.hold(10)
    shop.system.request("DELETE", f"/v1/holds/{left['id']}", secret=left["client_secret"])
    mark = shop.mark()
    shop.pay(shop.hold(11))
    return mark


@pytest.mark.parametrize("by", ["time", "lsn", "name"])
def test_the_moment_comes_back_exactly(shop: Shop, by: str) -> None:
    """Every table holds what it held at the target: what was committed before, nothing after; and
    the laws hold.

    Cases: P-16
    """
    mark = busy_morning(shop)
    shop.lose_bookings()

    restored = shop.restored(mark.targets()[by])

    assert digests(restored) == mark.digests
    assert violations(restored) == []
    restored.close()


def test_without_a_target_the_disaster_comes_back_too(shop: Shop) -> None:
    """The archive has every commit up to the last: the target alone keeps the deletion out."""
    mark = busy_morning(shop)
    shop.lose_bookings()
    deleted = digests(shop.system.database)

    restored = shop.restored({})

    assert digests(restored) == deleted
    assert deleted != mark.digests
    restored.close()


def test_a_restored_server_takes_bookings(shop: Shop) -> None:
    """Time that the restored database says is free can be held there, and time that it says is
    taken cannot: constraints, roles and grants came along.

    Cases: P-16
    """
    mark = busy_morning(shop)
    shop.lose_bookings()
    shop.open_again(shop.restored(mark.targets()["name"]))
    system = shop.system

    held = shop.hold(11)
    refused = system.request("POST", "/v1/holds", system.hold_body(ten(8)))

    assert held["status"] == "held"
    assert refused.code == "slot_taken"
    assert violations(system.database) == []


def test_what_the_archive_did_not_get_is_lost_with_the_machine(
    dynamodb: str, tmp_path: Path
) -> None:
    """The machine is gone: everything up to the last archived segment comes back, the rest not.
    That is the recovery point, and why `archive_timeout` bounds it.

    Cases: P-16
    """
    with archived() as doomed:
        shop = Shop(doomed, dynamodb, tmp_path)
        shop.pay(shop.hold(7))
        doomed.archive_all()
        in_archive = digests(shop.system.database)
        shop.pay(shop.hold(8))
        at_last = digests(shop.system.database)
        shop.stop()

        doomed.destroy()
        restored = shop.restored({})

        assert digests(restored) == in_archive
        assert in_archive != at_last
        assert violations(restored) == []
        restored.close()
