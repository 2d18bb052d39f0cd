-- the same event once more
\set n mod(:n, 10) + 1
\set booking :client_id * :share + :n
select api.settle_checkout(
    jsonb_build_object('id', 'evt_' || :booking, 'type', 'checkout.session.completed', 'created', 1800000000),
    'paid',
    jsonb_build_object(
        'id', 'cs_' || :booking, 'amount_total', 4500, 'currency', 'eur',
        'payment_intent', 'pi_' || :booking, 'client_reference_id', md5('checkout' || :booking)::uuid,
        'metadata', jsonb_build_object('tenant_id', md5('tenant')::uuid)));
