"""What must hold in the ledger, and between it and payments, refunds and bookings.

The questions are put independently of the stored functions that post: what an account should have
is added up from the rows, what it has from the postings.
"""

from tests.harness.laws.law import Law

LEDGER: tuple[Law, ...] = (
    Law(
        "I2",
        "every journal adds up to nothing, in one currency, and has the lines that it says",
        """
        select coalesce(j.reference, p.journal_id::text) || ': ' || count(p.amount) || ' lines of '
            || coalesce(j.lines, 0) || ', together ' || coalesce(sum(p.amount), 0) as finding
        from ledger.journals as j
        full join ledger.postings as p on p.tenant_id = j.tenant_id and p.journal_id = j.id
        left join ledger.accounts as a on a.tenant_id = p.tenant_id and a.id = p.account_id
        group by j.tenant_id, j.id, p.journal_id, j.reference, j.lines, j.currency
        having j.id is null or count(p.amount) <> j.lines or coalesce(sum(p.amount), 0) <> 0
            or count(*) filter (where a.currency = j.currency) <> j.lines
        """,
    ),
    Law(
        "I2",
        "a guarded account stands where its postings have brought it, and never below zero",
        """
        select a.kind || ' of ' || a.subject_id || ' says ' || a.balance || ', its postings '
            || a.normal * coalesce(sum(p.amount), 0) as finding
        from ledger.accounts as a
        left join ledger.postings as p on p.tenant_id = a.tenant_id and p.account_id = a.id
        where a.kind <> 'clearing'
        group by a.tenant_id, a.id, a.kind, a.subject_id, a.balance, a.normal
        having a.balance is distinct from a.normal * coalesce(sum(p.amount), 0) or a.balance < 0
        """,
    ),
    Law(
        "I2",
        "what is held for a booking is what its payments carry of it, less what went back",
        """
        select b.id || ' holds ' || coalesce(h.balance, 0) || ' ' || a.currency
            || ', its allocations say ' || coalesce(a.kept, 0) as finding
        from core.bookings as b
        full join (
            select a.tenant_id, a.booking_id, a.currency, sum(a.value - a.returned) as kept
            from core.allocations as a group by 1, 2, 3
        ) as a on a.tenant_id = b.tenant_id and a.booking_id = b.id
        full join (select * from ledger.accounts where kind = 'held') as h
            on h.tenant_id = b.tenant_id and h.subject_id = b.id
        where coalesce(h.balance, 0) <> coalesce(a.kept, 0)
            or h.currency is distinct from a.currency
        """,
    ),
    Law(
        "I2",
        "a payment is allocated whole, or not at all and goes back at once",
        """
        select p.id || ': ' || p.amount || ', allocated ' || coalesce(a.value, 0) || ', left '
            || coalesce(u.balance, 0) as finding
        from core.payments as p
        left join (
            select a.tenant_id, a.payment_id, sum(a.value) as value, bool_and(
                a.currency = p.currency) as alike
            from core.allocations as a
            join core.payments as p on p.tenant_id = a.tenant_id and p.id = a.payment_id
            group by 1, 2
        ) as a on a.tenant_id = p.tenant_id and a.payment_id = p.id
        left join ledger.accounts as u on u.tenant_id = p.tenant_id and u.subject_id = p.id
            and u.kind = 'unapplied'
        where coalesce(u.balance, 0) <> 0 or not coalesce(a.alike, true)
            or coalesce(a.value, case when u.id is null then 0 else p.amount end) <> p.amount
            or a.value is not null and u.id is not null
        """,
    ),
    Law(
        "I2",
        "a refund is on its way until Stripe has said how it ended; one that failed is owed",
        """
        select r.id || ' is ' || r.status || ': on its way ' || coalesce(w.balance, 0) || ', owed '
            || coalesce(o.balance, 0) as finding
        from core.refunds as r
        left join ledger.accounts as w on w.tenant_id = r.tenant_id and w.subject_id = r.id
            and w.kind = 'refunding'
        left join ledger.accounts as o on o.tenant_id = r.tenant_id and o.subject_id = r.id
            and o.kind = 'owed'
        where coalesce(w.balance, 0)
                <> case when r.status in ('queued', 'pending') then r.amount else 0 end
            or coalesce(o.balance, 0) <> case
                when r.status = 'failed' and r.replaced_by is null then r.amount else 0 end
        """,
    ),
    Law(
        "I2",
        "what a tenant has at Stripe is what came, less what went back",
        """
        select m.tenant_id || ' has ' || coalesce(c.amount, 0) || ' ' || m.currency || ', and '
            || m.amount || ' came and stayed' as finding
        from (
            select s.tenant_id, s.currency, sum(s.amount) as amount
            from (
                select p.tenant_id, p.currency, p.amount from core.payments as p
                union all
                select r.tenant_id, r.currency, -r.amount
                from core.refunds as r where r.status = 'succeeded'
            ) as s
            group by 1, 2
        ) as m
        full join (
            select a.tenant_id, a.currency, sum(p.amount) as amount
            from ledger.accounts as a
            join ledger.postings as p on p.tenant_id = a.tenant_id and p.account_id = a.id
            where a.kind = 'clearing'
            group by 1, 2
        ) as c on c.tenant_id = m.tenant_id and c.currency = m.currency
        where m.amount is distinct from coalesce(c.amount, 0)
        """,
    ),
    Law(
        "I2",
        "each event of money has its journal, and no journal is of anything else",
        """
        select coalesce(e.reference, 'nothing') || ' is in the books as '
            || coalesce(j.reference, 'nothing') as finding
        from (
            select tenant_id, 'payment:' || id as reference from core.payments
            union all
            select tenant_id, 'return:' || id from core.returns
            union all
            select tenant_id, 'refund:' || replaced_by from core.refunds
            where replaced_by is not null
            union all
            select tenant_id, 'refunded:' || id from core.refunds where status = 'succeeded'
            union all
            select tenant_id, 'refund_failed:' || id from core.refunds where status = 'failed'
        ) as e
        full join ledger.journals as j
            on j.tenant_id = e.tenant_id and j.reference = e.reference
        where j.id is null or e.reference is null and not exists (
            -- a success that the bank took back
            select from core.refunds as r where r.tenant_id = j.tenant_id
                and j.reference = 'refunded:' || r.id and r.status = 'failed')
        """,
    ),
    Law(
        "I2",
        "a return's parts are what its allocations gave, each sent by a refund of the same payment",
        """
        select 'allocation ' || a.id || ' gave ' || a.returned || ', its parts say '
            || coalesce(sum(t.amount), 0) as finding
        from core.allocations as a
        left join core.return_parts as t on t.tenant_id = a.tenant_id and t.allocation_id = a.id
        group by a.tenant_id, a.id, a.returned
        having coalesce(sum(t.amount), 0) <> a.returned
        union all
        select 'return ' || r.key || ' of ' || r.amount || ', its parts say ' || sum(t.amount)
        from core.returns as r
        join core.return_parts as t on t.tenant_id = r.tenant_id and t.return_id = r.id
        group by r.tenant_id, r.id, r.key, r.amount
        having sum(t.amount) <> r.amount
        union all
        select 'return ' || r.key || ' of ' || r.amount || ', its refunds say '
            || coalesce(sum(f.amount), 0)
        from core.returns as r
        left join core.refunds as f on f.tenant_id = r.tenant_id and f.return_id = r.id
            and f.replaced_by is null
        group by r.tenant_id, r.id, r.key, r.amount
        having coalesce(sum(f.amount), 0) <> r.amount
        union all
        select 'a part of return ' || r.key || ' is sent by refund ' || f.id
        from core.return_parts as t
        join core.returns as r on r.tenant_id = t.tenant_id and r.id = t.return_id
        join core.allocations as a on a.tenant_id = t.tenant_id and a.id = t.allocation_id
        join core.refunds as f on f.tenant_id = t.tenant_id and f.id = t.refund_id
        where (r.booking_id, r.booking_id, a.payment_id, r.id, r.currency, r.currency) is distinct
                from (a.booking_id, f.booking_id, f.payment_id, f.return_id, f.currency, a.currency)
            or f.replaced_by is not null
        union all
        select 'refund ' || f.id || ' belongs to no return'
        from core.refunds as f
        where f.return_id is null
        """,
    ),
    Law(
        "I2",
        "a booking says of its money what its payments and refunds say",
        """
        select b.id || ' is ' || b.status || ' and says ' || b.payment_status || ': came '
            || m.came || ', went ' || m.went || ' of ' || m.price as finding
        from core.bookings as b
        cross join lateral (
            -- of its own, once it was paid; before that, of all that it was held with
            select coalesce(sum(a.value), 0) as came, b.amount as price, coalesce((
                    select sum(f.amount)
                    from core.returns as r
                    join core.return_parts as t on t.tenant_id = r.tenant_id and t.return_id = r.id
                    join core.refunds as f on f.tenant_id = t.tenant_id and f.id = t.refund_id
                    where r.tenant_id = b.tenant_id and r.booking_id = b.id
                        and f.status in ('pending', 'succeeded')), 0) as went
            from core.allocations as a
            where a.tenant_id = b.tenant_id and a.booking_id = b.id
            having count(a.id) > 0
            union all
            select sum(coalesce(p.came, 0)), sum(o.amount), sum(coalesce(p.went, 0))
            from core.bookings as o
            left join lateral (
                select sum(p.amount) as came, sum((
                    select sum(f.amount) from core.refunds as f
                    where f.tenant_id = p.tenant_id and f.payment_id = p.id
                        and f.status in ('pending', 'succeeded'))) as went
                from core.payments as p
                where p.tenant_id = o.tenant_id and p.booking_id = o.id
                    and b.status not in ('held', 'paying')
            ) as p on true
            where o.tenant_id = b.tenant_id
                and coalesce(o.cart_id, o.id) = coalesce(b.cart_id, b.id)
                and not exists (
                    select from core.allocations as a
                    where a.tenant_id = b.tenant_id and a.booking_id = b.id)
            having count(o.id) > 0
        ) as m
        where b.payment_status <> case
            when m.came = 0 then 'unpaid'
            when m.went = 0 or m.came - m.went >= m.price then 'paid'
            when m.went >= m.came then 'refunded'
            else 'partially_refunded' end
        """,
    ),
)
