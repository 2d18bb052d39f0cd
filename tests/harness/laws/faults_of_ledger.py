"""A fault for each law of the ledger: how the law begins, and what breaks it behind all guards."""

FAULTS = {
    "adds up to nothing": "update ledger.postings set amount = amount + 1 where amount > 0",
    "adds up to nothing, and has": "update ledger.journals set lines = lines + 1",
    "in one currency": "update ledger.accounts set currency = 'USD' where kind = 'clearing'",
    "a guarded account stands": "update ledger.accounts set balance = balance + 1"
    " where kind = 'held'",
    "what is held for a booking": "update core.allocations set returned = returned - 1",
    "what is held for a booking is": "update core.allocations set booking_id = (select id from"
    " core.bookings where status = 'held')",
    "a payment is allocated whole": "update core.allocations set value = value + 1",
    "a payment is allocated whole, or": "update ledger.accounts set balance = 1"
    " where kind = 'unapplied'",
    "a refund is on its way": "update core.refunds set status = 'succeeded'"
    " where reason = 'price_difference'",
    "a refund is on its way until": "update core.refunds set status = 'failed'"
    " where reason = 'price_difference'",
    "what a tenant has at Stripe": "update core.payments set amount = amount + 1",
    "each event of money": "delete from ledger.journals where reference like 'payment:%'",
    "each event of money has": "update ledger.journals set reference = 'refund:' || reference"
    " where reference like 'return:%'",
    "a return's parts": "update core.return_parts set amount = amount + 1",
    "a return's parts are": "update core.returns set amount = amount + 1",
    "a return's parts are what": "update core.refunds set return_id = null",
    "a booking says of its money": "update core.bookings set payment_status = 'partially_refunded'"
    " where status = 'scheduled'",
    "a booking says of its money what": "update core.bookings set payment_status = 'unpaid'"
    " where status = 'expired'",
}
