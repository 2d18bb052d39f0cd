"""Openings and bookables: copies that say what the rules say, and their readers."""

import re

from tests.harness.database.cluster import ROOT
from tests.mutations.guard import Edit, Guard, api, core, layer

_OPENINGS = "tests/sql/test_openings.py"
_RACES = "tests/concurrency/test_openings.py"
_SWEEP = "tests/sql/test_compile_openings.py"
_SLOTS = "tests/sql/test_list_slots.py"
_POOL = "tests/sql/test_pool_and_resources.py"
_RUNNER = "tests/sql/test_migrations.py"
_REFUSED = "tests/sql/test_create_hold_refused.py"
_OUTSIDE = f"{_REFUSED}::test_a_time_outside_the_rules_is_refused_with_the_rule"
_TRIGGERS = "sql/triggers/openings_follow_rules.sql"


def _triggers() -> list[str]:
    text = (ROOT / _TRIGGERS).read_text(encoding="utf-8")
    return re.findall(r"create or replace trigger (\w+)", text)


def _silenced(trigger: str) -> Edit:
    """The trigger is never fired."""
    text = (ROOT / _TRIGGERS).read_text(encoding="utf-8")
    (old,) = re.findall(rf"create or replace trigger {trigger}\n.*\n    for each statement", text)
    return Edit(_TRIGGERS, old, f"{old} when (false)")


GUARDS: tuple[Guard, ...] = (
    *(
        Guard(
            f"compiled-after-{trigger.replace('_800_follow_', '-').replace('_', '-')}",
            "a change of a rule compiles what follows from it",
            (_silenced(trigger),),
            (f"{_OPENINGS}::test_a_change_of_a_rule_compiles_it[{trigger}]",),
        )
        for trigger in _triggers()
    ),
    Guard(
        "opening-grid",
        "a start is on the grid of its opening",
        (
            core(
                "admits",
                "pg_catalog.date_bin(\n            p_step_minutes * interval '1 minute',"
                " pg_catalog.lower(p_period), p_opening.opens_at)\n"
                "            = pg_catalog.lower(p_period)",
                "true",
            ),
        ),
        (_OUTSIDE,),
    ),
    Guard(
        "opening-end",
        "what is held ends before the resource closes",
        (core("admits", "and pg_catalog.upper(p_period) <= p_opening.open_until", ""),),
        (_OUTSIDE,),
    ),
    Guard(
        "opening-joined",
        "an opening knows how long the resource is open across adjoining windows",
        (
            core(
                "computed_openings",
                "least(o.run_ends_at, o.closes_at + c_longest)",
                "o.closes_at",
            ),
        ),
        (f"{_OPENINGS}::test_what_a_range_shows_does_not_depend_on_it",),
    ),
    Guard(
        "timetable-end",
        "beyond what is compiled it is computed",
        (core("openings_of", "t.opened_until >= p_until", "true"),),
        (f"{_OPENINGS}::test_days_that_are_not_compiled_are_computed",),
    ),
    Guard(
        "timetable-begin",
        "and before it",
        (core("openings_of", "t.opened_from <= p_from", "true"),),
        (f"{_OPENINGS}::test_days_that_are_not_compiled_are_computed",),
    ),
    Guard(
        "timetable-lock",
        "of two that compile one resource, the second sees the first's rules",
        (
            core(
                "compile_openings",
                "values (p_tenant_id, p_resource_id, p_at, p_at, false, p_at)\n"
                "    on conflict (tenant_id, resource_id)"
                " do update set compiled_at = excluded.compiled_at;",
                "select p_tenant_id, p_resource_id, p_at, p_at, false, p_at where not exists ("
                "select from core.timetables as k"
                " where k.tenant_id = p_tenant_id and k.resource_id = p_resource_id);",
            ),
        ),
        (f"{_RACES}::test_windows_that_join_are_compiled_one_after_the_other",),
    ),
    Guard(
        "bookables-lock",
        "and the same for bookable offerings",
        (core("compile_bookables", "\n        for no key update;", ";"),),
        (f"{_RACES}::test_a_blackout_and_an_offering_are_both_compiled",),
    ),
    Guard(
        "openings-daily",
        "each day the sweep extends every timetable",
        (api("compile_openings", "v_now - interval '23 hours'", "v_now - interval '99 years'"),),
        (f"{_SWEEP}::test_days_that_come_nearer_are_compiled",),
    ),
    Guard(
        "openings-other-zones",
        "and once more when the server was started, perhaps with other time zone data",
        (
            api(
                "compile_openings",
                "least(v_now, pg_catalog.pg_postmaster_start_time())",
                "v_now - interval '99 years'",
            ),
        ),
        (f"{_SWEEP}::test_a_server_that_was_started_since_compiles_again",),
    ),
    Guard(
        "openings-sweep-waits-for-none",
        "the sweep skips a resource that another transaction is compiling",
        (api("compile_openings", "for no key update skip locked", "for no key update"),),
        (f"{_SWEEP}::test_what_another_compiles_is_skipped",),
    ),
    Guard(
        "pool-overlaps",
        "a start that belongs to two openings of a resource is one",
        (core("free_in_pool", "and not t.overlapping", ""),),
        (f"{_POOL}::test_a_start_of_two_openings_is_one",),
    ),
    Guard(
        "pool-lapsed",
        "in a pool, too, an expired hold gives way",
        (core("free_in_pool", "o.part = 1 and o.booking_id <> all (v_overdue)", "o.part = 1"),),
        (f"{_POOL}::test_what_is_in_the_way_in_a_pool",),
    ),
    Guard(
        "pool-lost-once",
        "a start that is near to two bookings is lost once",
        (core("free_in_pool", "select distinct t.class", "select t.class"),),
        (f"{_POOL}::test_a_start_near_two_bookings_is_lost_once",),
    ),
    Guard(
        "pool-closed",
        "closures take starts of a pool's resources",
        (
            core(
                "free_in_pool",
                "core.closed_ranges(p_offering.tenant_id,",
                "core.closed_ranges(null,",
            ),
        ),
        (f"{_POOL}::test_what_is_closed_for_months_is_not_counted",),
    ),
    Guard(
        "runs-of-grids",
        "starts of overlapping windows are listed in order",
        (core("bookable_runs", "from grids) = 1", "from grids) > 0"),),
        (f"{_SLOTS}::test_overlapping_windows_are_listed_in_order",),
    ),
    Guard(
        "overdue-few",
        "if many holds are overdue, each booking is asked whether it owns its time",
        (core("overdue_bookings", "        return null;", "        return v_overdue;"),),
        (f"{_SLOTS}::test_many_expired_holds_elsewhere_change_nothing",),
    ),
    Guard(
        "overdue-gives-way",
        "a hold past its deadline is asked whether it owns its time",
        (core("occupied_ranges", "o.part = 1 and o.booking_id <> all (v_overdue)", "o.part = 1"),),
        (f"{_SLOTS}::test_a_hold_that_ran_out_is_listed_as_free",),
    ),
    Guard(
        "second-file-once",
        "a migration's second file is run once",
        (
            layer(
                "migrations/runner",
                "        for name in filter(is_after, self.tree):\n"
                "            if name not in self.ledger:",
                "        for name in filter(is_after, self.tree):\n            if True:",
            ),
        ),
        (f"{_RUNNER}::test_second_file_follows_the_functions",),
    ),
    Guard(
        "second-file-unedited",
        "and never edited afterwards",
        (
            layer(
                "migrations/runner",
                "for name in (*applied, *filter(is_after, self.ledger)):",
                "for name in applied:",
            ),
        ),
        (f"{_RUNNER}::test_second_file_is_part_of_its_migration",),
    ),
)
