"""What is logged and measured, and what an operator may do by hand."""

from tests.mutations.guard import Guard, api, core, layer

_RETRY = "tests/sql/test_retry_effect.py"
_STORIES = "tests/journeys/test_watching.py"
_FOLLOWING = "tests/journeys/test_following.py"
_TOLD = f"{_STORIES}::test_a_story_is_measured_and_logs_nothing_personal"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "retry-once",
        "a refund that failed is sent again once",
        (api("retry_effect", " and v_refund.replaced_by is null then", " then"),),
        (f"{_RETRY}::test_twice_is_once", f"{_RETRY}::test_two_persons_at_once_send_one_refund"),
    ),
    Guard(
        "retry-dead-only",
        "an effect that is done or under way is not begun again",
        (api("retry_effect", "elsif v_effect.state = 'dead' then", "elsif true then"),),
        (f"{_RETRY}::test_what_is_well_or_under_way_is_left_alone",),
    ),
    Guard(
        "retry-ends-the-asking",
        "a replaced refund is not asked about any more",
        (api("retry_effect", "set state = 'done', lease = null", "set lease = null"),),
        (f"{_RETRY}::test_a_failure_known_only_by_an_event_is_replaced_too",),
    ),
    Guard(
        "fault-without-text",
        "the text of an exception, which may quote a row, is not logged",
        (layer("api/http", 'fault("unhandled error", error)', 'logger().exception("unhandled")'),),
        (f"{_TOLD}[faults_of_ours]",),
    ),
    Guard(
        "failure-without-text",
        "nor is it left to Lambda to log it",
        (
            layer(
                "platform/observability",
                "raise Failed(type(error).__qualname__) from None",
                "raise",
            ),
        ),
        (f"{_STORIES}::test_gauges_are_written_before_the_work",),
    ),
    Guard(
        "route-not-path",
        "a path is not logged: that of a calendar feed is a secret",
        (layer("api/http", 'event.get("routeKey")', 'event.get("rawPath")'),),
        (f"{_FOLLOWING}::test_a_line_never_has_the_path_of_a_request",),
    ),
    Guard(
        "request-id-at-stripe",
        "Stripe's session names the request that began it",
        (core("stripe_session_parameters", "'holdfast.request_id'", "'holdfast.none'"),),
        (f"{_FOLLOWING}::test_one_id_leads_through_everything",),
    ),
    Guard(
        "replaced-not-counted",
        "a failed refund that was replaced no longer waits for a person",
        (api("measure_backlog", " and r.replaced_by is null", ""),),
        ("tests/sql/test_measure.py::test_failed_refunds_count_until_another_replaces_them",),
    ),
)
