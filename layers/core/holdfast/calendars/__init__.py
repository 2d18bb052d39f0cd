"""External calendars, whose events take time here, and ours given to them.

`reading` has a calendar read and its busy times stored. `source` is the one kind of calendar that
there is, a feed over HTTPS: `addresses` says where it may lie, `transport` fetches it, `lines`,
`zones`, `recurrence` and `events` understand it (RFC 5545). `export` writes one. `manage` is what
servers do with them.

Feeds are hostile until read: every step has a bound, and what cannot be understood is refused as a
whole, since an event that was skipped is a time that is booked twice.
"""
