-- core.take_back: take a return from what the booking was paid with, newest payment first.
--
-- Returns   a line for each refund that sends a part of it
-- Locks     the payments, newest first (the caller holds the booking's row)
-- Raises    P0004  less is held than is to go back: a fault of ours
-- Backstop  allocations_returns_within_value, payments_refunds_within_capture
create or replace function core.take_back(p_return core.returns, p_reason text)
returns core.ledger_line[]
language plpgsql volatile
as $$
declare
    v_allocation core.allocations;
    v_line core.ledger_line;
    v_lines core.ledger_line[] := '{}';
    v_left bigint := p_return.amount;
    v_part bigint;
begin
    for v_allocation in
        select * from core.allocations as a
        where a.tenant_id = p_return.tenant_id and a.booking_id = p_return.booking_id
            and a.returned < a.value
        order by a.created_at desc, a.id desc
    loop
        exit when v_left = 0;
        v_part := least(v_left, v_allocation.value - v_allocation.returned);
        v_line := core.queue_refund(p_return, v_allocation.payment_id, v_part, p_reason);
        update core.allocations as a
        set returned = a.returned + v_part
        where a.tenant_id = v_allocation.tenant_id and a.id = v_allocation.id;
        insert into core.return_parts (tenant_id, return_id, allocation_id, amount, refund_id)
        values (p_return.tenant_id, p_return.id, v_allocation.id, v_part, v_line.subject_id);
        v_lines := v_lines || v_line;
        v_left := v_left - v_part;
    end loop;
    assert v_left = 0, 'the booking was paid with less than what is to go back';
    return v_lines;
end;
$$;
