\set n :n + 1
\set booking :client_id * :share + :n
select bench.write_settlement(:booking);
