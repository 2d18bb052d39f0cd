"""How often one caller may ask, and what every answer over HTTP has."""

from tests.mutations.guard import Edit, Guard, api, core, layer

_RATES = "tests/functions/test_rate_limits.py"
_ANSWERS = "tests/functions/test_every_answer.py"
_SWEEPS = "tests/sql/test_sweep_failures.py"
_BODIES = "tests/functions/test_bad_bodies.py"

_BELIEVED = (
    '        terms = Terms("publishable", "k", "s",'
    ' {"reads": 99, "holds": 99, "mailbox": 99, "key_factor": 9})\n'
)

GUARDS: tuple[Guard, ...] = (
    Guard(
        "rate-condition",
        "the last request of a budget is counted once, with any number of racers",
        (
            layer(
                "api/limits",
                '"attribute_not_exists(spent) OR spent <= :room"',
                '"attribute_not_exists(spent) OR spent <= :room OR spent > :room"',
            ),
        ),
        ("tests/concurrency/test_rate_limits.py::test_the_last_one_is_taken_once",),
    ),
    Guard(
        "rate-shared",
        "what one environment has counted, the next one knows",
        (
            layer(
                "api/limits",
                "    if budget.always or here.own > budget.quota // 2:",
                "    if False:",
            ),
        ),
        (f"{_RATES}::test_environments_count_together",),
    ),
    Guard(
        "rate-storm",
        "a caller over a limit is answered from memory",
        (
            layer(
                "api/limits",
                "    if here.full or here.own > budget.quota:",
                "    if False:",
            ),
        ),
        (f"{_RATES}::test_a_storm_over_the_limit_of_others_costs_one_call",),
    ),
    Guard(
        "rate-strangers",
        "an unknown key is refused by the database before anything is counted outside",
        (layer("api/limits", "        terms = _terms(actor)\n", _BELIEVED),),
        (f"{_RATES}::test_an_unknown_key_writes_nothing_outside",),
    ),
    Guard(
        "rate-strangers-counted",
        "and is counted by its address",
        (layer("api/limits", "        if here.own > stranger.quota:", "        if False:"),),
        (f"{_RATES}::test_an_unknown_key_writes_nothing_outside",),
    ),
    Guard(
        "rate-revoked",
        "a key that the database has refused counts as never seen alive",
        (layer("api/limits", "    memory().terms.pop(actor.key_hash, None)", "    pass"),),
        (f"{_RATES}::test_the_first_401_ends_what_was_believed_of_a_key",),
    ),
    Guard(
        "rate-mailbox",
        "a stranger cannot use up a mailbox's budget",
        (
            layer(
                "api/limits",
                'f"{_place(actor)} {_folded(mailbox)}"',
                'f"{_folded(mailbox)}"',
            ),
        ),
        (f"{_RATES}::test_strangers_cannot_use_up_a_mailboxs_budget",),
    ),
    Guard(
        "rate-busy-shop",
        "a browser does not learn how much all others have asked",
        (layer("api/limits", 'window, False, False, "key")', 'window, False, True, "key")'),),
        (f"{_RATES}::test_browsers_together_have_a_limit_without_seeing_how_much_is_left",),
    ),
    Guard(
        "rate-outage",
        "without DynamoDB, requests are not delayed again and again",
        (layer("api/limits", "    remembered.paused_until = now + _PAUSE_SECONDS\n", ""),),
        (f"{_RATES}::test_without_dynamodb_requests_go_on",),
    ),
    Guard(
        "rate-salt",
        "an address is counted under a hash with the tenant's own salt, which cannot be guessed",
        (layer("api/limits", 'f"{salt}|{budget.policy}', 'f"{budget.policy}'),),
        (f"{_RATES}::test_tenants_do_not_share_budgets",),
    ),
    Guard(
        "every-answer",
        "each answer of the API requires TLS, and its type is not guessed",
        (
            layer(
                "api/http",
                "    answer = answers.secured(_answered(app, answers.as_get(event), context))",
                "    answer = _answered(app, answers.as_get(event), context)",
            ),
        ),
        (f"{_ANSWERS}::test_what_has_not_changed_has_them_too",),
    ),
    Guard(
        "every-answer-webhook",
        "and each one of the webhook",
        (
            Edit(
                "functions/webhook/app.py",
                "return answers.secured(_answered(event))",
                "return _answered(event)",
            ),
        ),
        (f"{_ANSWERS}::test_the_webhook_has_them",),
    ),
    Guard(
        "media-type",
        "a body is JSON if its type is JSON's, not if it only begins like it",
        (layer("api/http", '        _require_json(headers["content-type"])\n', ""),),
        (f"{_BODIES}::test_what_only_looks_like_json_is_refused",),
    ),
    Guard(
        "altered-text",
        "text that was altered on the way is refused, not stored",
        (layer("api/http", '    if "\\ufffd" in text:', "    if False:"),),
        (f"{_BODIES}::test_what_was_made_utf8_on_the_way_is_malformed",),
    ),
    Guard(
        "sweep-one-bad-row",
        "a row at which a sweep fails is skipped, and stops no other",
        (
            api(
                "expire_holds",
                "            exception when others then\n                perform",
                "            exception when null_value_not_allowed then\n                perform",
            ),
        ),
        (f"{_SWEEPS}::test_one_hold_stops_no_other",),
    ),
    Guard(
        "sweep-one-by-one",
        "what cannot end together is ended one by one",
        (api("expire_holds", "v_rest := v_plain || v_rest;", "null;"),),
        (f"{_SWEEPS}::test_one_hold_stops_no_other_of_its_tenant",),
    ),
    Guard(
        "sweep-passes-over",
        "and takes no other row's place meanwhile",
        (core("passed_over", "and f.retry_at > p_at)", "and f.retry_at > p_at and false)"),),
        (f"{_SWEEPS}::test_it_takes_no_others_place",),
    ),
    Guard(
        "sweep-lost-batch",
        "a failure caused by another transaction does not count against the row",
        (core("pass_over", "if p_sqlstate in ('40001', '40P01') then", "if false then"),),
        (f"{_SWEEPS}::test_a_batch_that_lost_is_repeated_as_a_whole",),
    ),
    Guard(
        "calendar-share",
        "one tenant's calendars take no more than their share of the sweep",
        (api("claim_calendars", "v_share constant integer := 3", "v_share constant integer := 9"),),
        (f"{_SWEEPS}::test_each_tenant_has_its_share_of_the_calendar_sweep",),
    ),
    Guard(
        "calendar-slow",
        "a calendar that is slow to read pauses like one that cannot be read",
        (api("store_calendar_busy", ":numeric, 0) >= 5;", ":numeric, 0) >= 500;"),),
        (f"{_SWEEPS}::test_what_is_slow_is_read_less_and_less_often",),
    ),
    Guard(
        "public-functions",
        "no login role takes an advisory lock or makes a large object",
        (
            Edit(
                "sql/roles.sql",
                "'revoke execute on function %s from public', v_function",
                "'select 1'",
            ),
        ),
        ("tests/sql/test_grants.py::test_no_role_makes_large_objects_or_takes_advisory_locks",),
    ),
)
