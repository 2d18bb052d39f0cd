"""Calendars as other programs write them, and addresses in any script."""

from tests.mutations.guard import Guard, layer

_KINDS = "tests/unit/holdfast/calendars/test_kinds.py"
_TRANSPORT = "tests/unit/holdfast/calendars/test_transport.py"
_ASCII = "tests/unit/holdfast/test_ascii_addresses.py"
_FIELDS = "tests/unit/holdfast/test_fields.py"
_SCRIPTS = "tests/functions/test_scripts.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "whole-days",
        "an all-day event takes whole days, and at least one",
        (layer("calendars/events", "max(-(-self.longest // _DAY), 1) * _DAY", "self.longest"),),
        (f"{_KINDS}::test_an_all_day_event_takes_whole_days",),
    ),
    Guard(
        "end-before-start",
        "an event that ends before it begins does not free its time",
        (layer("calendars/events", "if exact < _NO_TIME:", "if False:"),),
        (f"{_KINDS}::test_an_end_before_its_start_is_never_free",),
    ),
    Guard(
        "last-day-of-a-series",
        "the last day of a series of days is busy, whatever UNTIL is written as",
        (layer("calendars/events", "at.local.date() <= written or _is_after", "_is_after"),),
        (f"{_KINDS}::test_a_series_of_days_ends_with_its_last_day",),
    ),
    Guard(
        "zone-of-the-feed",
        "a zone that the feed defines counts before a name of one offset",
        (layer("calendars/zones", "(found[1] or not definitions)", "True"),),
        (f"{_KINDS}::test_a_definition_counts_before_a_name_of_one_offset",),
    ),
    Guard(
        "last-change-of-clocks",
        "after a zone has stopped changing its clocks its last change holds",
        (layer("calendars/zones", "min(since, begin)", "since"),),
        (f"{_KINDS}::test_a_zone_that_has_stopped_changing_its_clocks",),
    ),
    Guard(
        "event-without-beginning",
        "an event whose DTSTART is broken does not free its time",
        (
            layer(
                "calendars/events",
                'raise Unreadable("an event in it has no beginning")',
                "return",
            ),
        ),
        (f"{_KINDS}::test_an_event_without_a_beginning_is_not_understood",),
    ),
    Guard(
        "hidden-event",
        "an event inside another component is not ignored with it",
        (layer("calendars/lines", "or misplaced:", "or False:"),),
        (f"{_KINDS}::test_an_event_that_hides_in_another_is_found",),
    ),
    Guard(
        "broken-begin",
        "an event whose BEGIN is broken is not ignored",
        (
            layer(
                "calendars/lines",
                'if component.name == "VCALENDAR" and word == "DTSTART":',
                "if False:",
            ),
        ),
        (f"{_KINDS}::test_an_event_whose_both_ends_are_broken_is_found",),
    ),
    Guard(
        "nothing-outside",
        "stray lines are ignored in a calendar only; a web page is not a calendar",
        (
            layer(
                "calendars/lines",
                "            elif outside:\n                raise _malformed()\n",
                "",
            ),
        ),
        (f"{_KINDS}::test_outside_of_a_calendar_there_is_nothing",),
    ),
    Guard(
        "change-without-uid",
        "a change without a UID replaces no time of other events without one",
        (layer("calendars/events", '_uid(part) or f" {len(changes)}"', "_uid(part)"),),
        (f"{_KINDS}::test_events_without_a_uid_are_strangers",),
    ),
    Guard(
        "two-states",
        "an event with two different statuses is busy",
        (
            layer(
                "calendars/events",
                "{found.value.upper() for found in part.all(name)} == {value}",
                "value in {found.value.upper() for found in part.all(name)}",
            ),
        ),
        (f"{_KINDS}::test_two_different_states_leave_the_time_taken",),
    ),
    Guard(
        "idna-2008",
        "another owner's server is not asked for a feed",
        (
            layer(
                "platform/ascii_addresses",
                "idna.alabel(label).decode()",
                'label.encode("idna").decode()',
            ),
        ),
        (f"{_TRANSPORT}::test_a_host_is_not_another_owners", f"{_ASCII}::test_known_hosts"),
    ),
    Guard(
        "user-agent",
        "servers that answer browsers only are read",
        (layer("calendars/transport", '"User-Agent": _USER_AGENT', '"User-Agent": "Holdfast"'),),
        (f"{_TRANSPORT}::test_servers_that_answer_browsers_only",),
    ),
    Guard(
        "letter-in-ascii",
        "letters reach domains in any script",
        (layer("outbox/mail", '"ToAddresses": [address]', '"ToAddresses": [to]'),),
        (f"{_SCRIPTS}::test_a_letter_reaches_a_domain_in_any_script",),
    ),
    Guard(
        "mailbox-at-the-door",
        "an e-mail address that no letter can reach is refused when it is given",
        (layer("platform/fields", "    ascii_addresses.mailbox(address)\n", ""),),
        (f"{_FIELDS}::test_an_email_address_is_one_that_letters_reach",),
    ),
    Guard(
        "name-beside-address",
        "a name that is typed beside an e-mail address is not dropped",
        (layer("platform/fields", '("<" in value or ">" in value)', "False"),),
        (f"{_FIELDS}::test_an_email_address_is_one_that_letters_reach",),
    ),
    Guard(
        "phone-extension",
        "an extension of a phone number is not dropped",
        (
            layer("platform/fields", "if number.extension:", "if False:"),
            layer("platform/fields", "if not _NUMBER_ALONE.fullmatch(visible):", "if False:"),
        ),
        (f"{_FIELDS}::test_an_extension_is_refused_not_dropped",),
    ),
)
