-- half-hour slots of resources that no other client books
\set n :n + 1
\set resource :client_id * 30 + mod(:n, 30)
\set minutes (:n / 30) * 30
\set customer mod(:client_id * 1000 + :n, 20000)
select api.create_hold(
    jsonb_build_object('key_hash', encode(sha256('pk_test_benchmarks0000000'), 'hex'), 'request_id', 'bench'),
    'k-' || :client_id || '-' || :n, gen_random_uuid(), sha256('secret'),
    jsonb_build_object(
        'resource_id', md5('resource' || :resource)::uuid, 'offering_id', md5('offering30')::uuid,
        'starts_at', to_timestamp(:first_day + :minutes * 60), 'date', null,
        'tier', 'standard', 'package', 'single', 'notes', null,
        'customer', jsonb_build_object('name', 'C', 'email', 'c' || :customer || '@example.com', 'phone', null)));
