\set n :n + 1
select bench.write_hold(:client_id, :n);
