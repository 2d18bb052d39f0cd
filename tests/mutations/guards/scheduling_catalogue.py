"""What may change in the catalogue, and what must be checked again."""

from tests.mutations.guard import Guard, api, core

_RACES = "tests/concurrency/test_rules.py"
_CATALOGUE = "tests/functions/test_catalogue.py"
_SCHEDULES = "tests/functions/test_schedules.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "rules-alone",
        "a change of a resource's rules waits for holds under way",
        (core("lock_rules", "pg_advisory_xact_lock(", "pg_advisory_xact_lock_shared("),),
        (f"{_RACES}::test_a_blackout_waits_for_the_hold_under_way_and_lists_it",),
    ),
    Guard(
        "rules-before-catalogue",
        "what a hold reads of the catalogue does not change until it is done",
        (
            api(
                "create_hold",
                "    perform core.share_rules(core.named_resources(v_actor, p_request));\n",
                "",
            ),
        ),
        (f"{_RACES}::test_a_hold_waits_for_the_change_and_is_refused",),
    ),
    Guard(
        "rules-of-a-pool",
        "for any resource that a pool may give",
        (core("named_resources", "p.pool_id = (i.item ->> 'pool_id')::uuid", "false"),),
        (
            "tests/concurrency/test_groups_pools_carts.py"
            "::test_a_pool_waits_for_a_change_of_any_of_its_resources",
        ),
    ),
    Guard(
        "catalogue-version",
        "a change based on an older version is refused",
        (
            core(
                "lock_item", "if (v_row ->> 'version')::integer <> p_version then", "if false then"
            ),
        ),
        (f"{_CATALOGUE}::test_a_change_says_which_version_it_is_of",),
    ),
    Guard(
        "catalogue-archived",
        "archived items stay as they were",
        (
            api(
                "change_catalogue_item",
                "if v_row ->> 'archived_at' is not null then",
                "if false then",
            ),
        ),
        (f"{_CATALOGUE}::test_what_is_archived_is_kept_and_never_changed",),
    ),
    Guard(
        "catalogue-secret-key",
        "only the tenant's servers change the catalogue",
        (
            api(
                "create_catalogue_item",
                "core.authorize(p_actor, 'catalogue.write')",
                "core.authorize(p_actor, 'resource.list')",
            ),
        ),
        (f"{_CATALOGUE}::test_only_servers_of_the_tenant_may",),
    ),
    Guard(
        "window-named",
        "an overlapping window is refused with the existing one, over Sunday's midnight too",
        (core("require_no_overlap", "v_from - 10080, v_from + v_minutes - 10080", "0, 0"),),
        (f"{_SCHEDULES}::test_overlapping_windows_are_refused",),
    ),
    Guard(
        "blackout-last-date",
        "a blackout by dates ends with its last date",
        (
            core(
                "catalogue_columns",
                "(p_request ->> 'to_date')::date + 1",
                "(p_request ->> 'to_date')::date",
            ),
        ),
        (f"{_SCHEDULES}::test_a_blackout_by_dates_follows_the_clocks",),
    ),
)
