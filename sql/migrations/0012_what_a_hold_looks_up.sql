-- What one look finds out about a period that is to be held: see core.find_requested_period.
alter type core.requested_period
    add attribute bookable core.bookables, -- what the catalogue says of it
    add attribute offered boolean, -- by the opening hours; notice and horizon are the clock's
    add attribute taken boolean; -- visibly: no place is left
alter type core.requested_period drop attribute price; -- the bookable has it
