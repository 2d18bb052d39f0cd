"""External calendars: what is read, from where, and which reading counts."""

from tests.mutations.guard import Guard, api, core, layer

_RACES = "tests/concurrency/test_calendars.py"
_HOLDS = "tests/functions/test_calendars.py"
_TRANSPORT = "tests/unit/holdfast/calendars/test_transport.py"
_RULES = "tests/unit/holdfast/calendars/test_recurrence.py"
_EVENTS = "tests/unit/holdfast/calendars/test_events.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "later-reading-wins",
        "an older reading of a calendar does not replace a newer one",
        (api("store_calendar_busy", "v_calendar.read_at > p_begun_at", "false"),),
        (f"{_RACES}::test_a_late_reading_does_not_overwrite_a_later_one",),
    ),
    Guard(
        "reading-lock",
        "which reading is later is decided under the calendar's lock",
        (api("store_calendar_busy", "    for no key update;", "    ;"),),
        (f"{_RACES}::test_a_late_reading_waits_for_the_later_one_and_then_yields",),
    ),
    Guard(
        "unchanged-since-what",
        "an unchanged feed is compared with the answer that we have",
        (
            api(
                "store_calendar_busy",
                "or v_calendar.etag is distinct from p_reading ->> 'etag'",
                "or false",
            ),
        ),
        (f"{_RACES}::test_not_changed_since_something_older_is_not_news",),
    ),
    Guard(
        "calendar-freshness",
        "a hold does not trust a calendar that was read long ago",
        (
            core(
                "require_fresh_calendars",
                "c.read_at < p_at - c.fresh_seconds * interval '1 second'",
                "false",
            ),
        ),
        (f"{_HOLDS}::test_a_fresh_calendar_is_not_read_again",),
    ),
    Guard(
        "calendar-policy",
        "nothing is held unchecked if the resource's policy forbids it",
        (core("require_fresh_calendars", "if v_refused then", "if false then"),),
        (f"{_HOLDS}::test_refused_while_the_calendar_cannot_be_read",),
    ),
    Guard(
        "feed-revoked",
        "a revoked address is not found",
        (api("read_calendar_feed", " and f.revoked_at is null", ""),),
        (f"{_HOLDS}::test_the_address_is_shown_once_and_can_be_revoked",),
    ),
    Guard(
        "peer-address",
        "the address connected to is checked, not only the resolved one",
        (
            layer(
                "calendars/transport",
                "if not self.allowed(str(sock.getpeername()[0])):",
                "if False:",
            ),
        ),
        (f"{_TRANSPORT}::test_a_name_that_changes_its_mind_gains_nothing",),
    ),
    Guard(
        "resolved-address",
        "only public addresses are connected to",
        (
            layer(
                "calendars/transport",
                "for found in self.resolve(host, port) if self.allowed(found)",
                "for found in self.resolve(host, port)",
            ),
            layer(
                "calendars/transport",
                "if not self.allowed(str(sock.getpeername()[0])):",
                "if False:",
            ),
        ),
        (f"{_TRANSPORT}::test_the_shipped_transport_does_not_reach_this_machine",),
    ),
    Guard(
        "whole-time",
        "a slow feed is abandoned in time",
        (layer("calendars/transport", "        watch.start()\n", ""),),
        (f"{_TRANSPORT}::test_a_dribbling_server_is_left_in_time",),
    ),
    Guard(
        "feed-size",
        "no more than two megabytes are read",
        (layer("calendars/transport", "if len(body) > MAX_BYTES:", "if False:"),),
        (f"{_TRANSPORT}::test_odd_answers_are_refused",),
    ),
    Guard(
        "recurrence-budget",
        "rules that never end are not computed to the end",
        (layer("calendars/recurrence", "if self._left < 0:", "if False:"),),
        (f"{_RULES}::test_what_costs_more_than_the_budget_is_refused",),
    ),
    Guard(
        "whole-feed",
        "a feed that ends in the middle is not accepted",
        (layer("calendars/lines", "if self._path or not self._calendars:", "if not self._found:"),),
        (f"{_EVENTS}::test_malformed_feeds_are_refused_as_a_whole",),
    ),
)
