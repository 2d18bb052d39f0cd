"""What is bookable: seasons, overrides, closed times, classes, limits."""

from tests.mutations.guard import Guard, api, core

_BOOKABLE = "tests/sql/test_bookable.py"
_LIMITS = "tests/concurrency/test_limits_of_resources.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "season",
        "a weekly window is open on the days of its season alone",
        (core("open_windows", "and h.validity @> d.local_day", ""),),
        (f"{_BOOKABLE}::test_a_season_has_its_first_and_its_last_day",),
    ),
    Guard(
        "override",
        "an override replaces the weekly hours of its day",
        (core("open_windows", "d.local_day <> all (v_special)", "true"),),
        (f"{_BOOKABLE}::test_an_override_replaces_the_hours_of_its_day",),
    ),
    Guard(
        "past-midnight",
        "a window that closes before it opens ends on the next day",
        (core("open_windows", "when r.closes > r.opens then", "when true then"),),
        (f"{_BOOKABLE}::test_windows_past_midnight_belong_to_the_day_they_begin_on",),
    ),
    Guard(
        "closed-times-refuse",
        "times of a blackout or an external event cannot be held",
        (
            core(
                "is_closed",
                "select from core.blocked_ranges((p_requested.bookable).resource_id,",
                "select from core.blocked_ranges(null,",
            ),
        ),
        (f"{_BOOKABLE}::test_closed_times_are_not_listed_and_cannot_be_held",),
    ),
    Guard(
        "own-buffers",
        "an offering's buffers replace the resource's",
        (
            core(
                "buffer_after",
                "coalesce(p_offering.buffer_after_minutes, p_resource.buffer_after_minutes)",
                "p_resource.buffer_after_minutes",
            ),
        ),
        (f"{_BOOKABLE}::test_an_offering_may_have_buffers_of_its_own",),
    ),
    Guard(
        "daily-limit",
        "a day takes no more bookings than its limit",
        (core("reached_limits", "d.bookings >= p_resource.daily_limit", "false"),),
        (f"{_BOOKABLE}::test_a_full_day_lists_nothing",),
    ),
    Guard(
        "daily-limit-lock",
        "a hold that counts a local day locks all of it",
        (core("lock_range", "case when p_daily_limit is null then", "case when true then"),),
        (f"{_LIMITS}::test_two_ends_of_a_local_day_wait_for_each_other",),
    ),
    Guard(
        "customer-limit",
        "a customer has no more bookings of a resource than its limit",
        (
            core(
                "reached_limits",
                "            >= p_resource.customer_limit",
                "            >= 1000000",
            ),
        ),
        (f"{_LIMITS}::test_a_customer_waits_for_their_own_hold",),
    ),
    Guard(
        "slots-bounded",
        "a listing that is too long is refused rather than cut off",
        (core("require_slot_count", "if p_slots > 2000 then", "if false then"),),
        (f"{_BOOKABLE}::test_too_many_slots_are_refused_not_cut_off",),
    ),
    Guard(
        "zone-known",
        "only names of the time zone database are zones",
        (core("require_timezone", "elsif exists (", "elsif true or exists ("),),
        (f"{_BOOKABLE}::test_an_unknown_zone_is_refused",),
    ),
    Guard(
        "explain-is-secret",
        "only a server learns which booking is in the way",
        (
            api(
                "explain_slot",
                "core.authorize(p_actor, 'slot.explain')",
                "core.authorize(p_actor, 'slot.list')",
            ),
        ),
        ("tests/sql/test_explain_slot.py::test_it_is_for_the_owner",),
    ),
)
