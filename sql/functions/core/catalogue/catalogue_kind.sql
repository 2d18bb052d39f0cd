-- core.catalogue_kind: the table of a kind of catalogue item, and how an item is shown.
--
-- Items of a resource (its hours, overrides, blackouts) are deleted; the others are archived.
--
-- p_kind    resource, offering, pool, hours, override or blackout
-- Returns   the table, the function that shows a row of it, and whether its items are a resource's
--
-- Locks     none
-- Raises    KHNTF  there is no such kind
-- Backstop  none
create or replace function core.catalogue_kind(
    p_kind text, out relation text, out shown_by text, out of_resource boolean)
language plpgsql immutable
as $$
begin
    case p_kind
        when 'resource' then
            relation := 'resources'; shown_by := 'resource_settings_json'; of_resource := false;
        when 'offering' then
            relation := 'offerings'; shown_by := 'offering_settings_json'; of_resource := false;
        when 'pool' then
            relation := 'pools'; shown_by := 'pool_json'; of_resource := false;
        when 'hours' then
            relation := 'weekly_hours'; shown_by := 'hours_json'; of_resource := true;
        when 'override' then
            relation := 'date_overrides'; shown_by := 'override_json'; of_resource := true;
        when 'blackout' then
            relation := 'blackouts'; shown_by := 'blackout_json'; of_resource := true;
        else
            raise exception 'no such kind of item' using errcode = 'KHNTF', hint = 'check the path';
    end case;
end;
$$;
