"""External calendars, whose events block time here, and feeds of our bookings.

`reading` has a calendar read and its busy times stored. `source` is the one kind of calendar there
is, a feed over HTTPS: `addresses` says which addresses it may have, `transport` fetches it,
`lines`, `zones`, `recurrence` and `events` understand it (RFC 5545). `export` writes one. `manage`
is what servers do with them.

Feeds are treated as hostile: every step has a limit, and what cannot be understood is refused as a
whole, since a skipped event is a time that is booked twice.
"""
