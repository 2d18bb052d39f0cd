"""A base backup and the archived WAL bring the database back as it was at any moment in between."""

from pathlib import Path

import pytest

from tests.harness.database.digests import digests
from tests.harness.laws.invariants import violations
from tests.restore.archived import archived
from tests.restore.story import Mark, Story, ten


def busy_morning(story: Story) -> Mark:
    """Bookings in many states, and the moment after that; then one more, which comes after it."""
    paid = story.hold(7)
    story.pay(paid)
    story.move_for_less(paid, 8)
    story.system.run_outbox()
    story.system.checkout(story.hold(9))  # looks at its payment page
    left = story.hold(10)
    story.system.request("DELETE", f"/v1/holds/{left['id']}", secret=left["client_secret"])
    mark = story.mark()
    story.pay(story.hold(11))
    return mark


@pytest.mark.parametrize("by", ["time", "lsn", "name"])
def test_the_moment_comes_back_exactly(story: Story, by: str) -> None:
    """Every table holds what it held at the target: what was committed before, nothing after; and
    the laws hold.

    Cases: P-16
    """
    mark = busy_morning(story)
    story.lose_bookings()

    restored = story.restored(mark.targets()[by])

    assert digests(restored) == mark.digests
    assert violations(restored) == []
    restored.close()


def test_without_a_target_the_disaster_comes_back_too(story: Story) -> None:
    """The archive has every commit up to the last: only the target excludes the deletion."""
    mark = busy_morning(story)
    story.lose_bookings()
    deleted = digests(story.system.database)

    restored = story.restored({})

    assert digests(restored) == deleted
    assert deleted != mark.digests
    restored.close()


def test_a_restored_server_takes_bookings(story: Story) -> None:
    """Time that the restored database says is free can be held there, and time that it says is
    taken cannot: constraints, roles and grants were restored too.

    Cases: P-16
    """
    mark = busy_morning(story)
    story.lose_bookings()
    story.open_again(story.restored(mark.targets()["name"]))
    system = story.system

    held = story.hold(11)
    refused = system.request("POST", "/v1/holds", system.hold_body(ten(8)))

    assert held["status"] == "held"
    assert refused.code == "slot_taken"
    assert violations(system.database) == []


def test_what_the_archive_did_not_get_is_lost_with_the_machine(
    dynamodb: str, tmp_path: Path
) -> None:
    """The machine is gone: everything up to the last archived segment comes back, the rest does
    not. That is the recovery point, and why `archive_timeout` limits it.

    Cases: P-16
    """
    with archived() as doomed:
        story = Story(doomed, dynamodb, tmp_path)
        story.pay(story.hold(7))
        doomed.archive_all()
        in_archive = digests(story.system.database)
        story.pay(story.hold(8))
        at_last = digests(story.system.database)
        story.stop()

        doomed.destroy()
        restored = story.restored({})

        assert digests(restored) == in_archive
        assert in_archive != at_last
        assert violations(restored) == []
        restored.close()
