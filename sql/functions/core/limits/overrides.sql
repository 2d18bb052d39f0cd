-- core.overrides: whether a request lets itself go beyond a rule.
--
-- core.require_override has made sure that its key may.
--
-- p_request  with "override": {"rules": [name, …], "reason"}, or without
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.overrides(p_request jsonb, p_rule text)
returns boolean
language sql stable parallel safe
as $$
    select coalesce(p_request #> '{override,rules}' @> pg_catalog.to_jsonb(p_rule), false)
$$;
