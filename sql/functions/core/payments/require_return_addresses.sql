-- core.require_return_addresses: refuse return addresses of the payment page that the tenant does
-- not allow.
--
-- Over https, or to this machine during development. A page that a browser asked for leads only to
-- an origin of the tenant's list, to the tenant's own booking page or to the deployment's; a server may
-- name any. A tenant older than the list has none, which is null, and is asked for https alone.
--
-- Origins are compared as browsers form them: lower case, without the default port.
-- "http://localhost:*" in the list is any port of this machine.
--
-- p_pages   addresses of booking pages that every tenant may lead to
-- p_request {"success_url", "cancel_url"}
-- Source    RFC 6454, section 4
-- Locks     none
-- Raises    KHRET  detail is {"field": which of the two}
-- Backstop  none
create or replace function core.require_return_addresses(
    p_actor core.actor, p_pages text[], p_request jsonb)
returns void
language plpgsql stable
as $$
declare
    v_tenant core.tenants := p_actor.tenant;
    v_allowed text[];
    v_field text;
    v_origin text;
begin
    v_allowed := v_tenant.return_origins || array(
        select core.origin_of(u)
        from pg_catalog.unnest(p_pages || v_tenant.page_url) as u
        where core.origin_of(u) is not null);

    foreach v_field in array array['success_url', 'cancel_url'] loop
        v_origin := core.origin_of(p_request ->> v_field);
        if v_origin is null or v_origin !~ '^(https://|http://(localhost|127\.0\.0\.1|\[::1\])(:|$))' then
            raise exception '% must be an https address', v_field
                using errcode = 'KHRET',
                    detail = pg_catalog.jsonb_build_object('field', v_field)::text,
                    hint = 'use https; http is accepted for localhost only, during development';
        elsif p_actor.side is distinct from 'server' and v_tenant.return_origins is not null
            and v_origin <> all (v_allowed)
            and pg_catalog.regexp_replace(v_origin, '^(http://[^:]+|http://\[::1\])(:\d+)?$', '\1:*')
                <> all (v_allowed)
        then
            raise exception 'the origin of % is not on the tenant''s list', v_field
                using errcode = 'KHRET',
                    detail = pg_catalog.jsonb_build_object('field', v_field)::text,
                    hint = 'add the origin to the list, or begin the checkout on your server with a'
                        || ' secret key';
        end if;
    end loop;
end;
$$;
