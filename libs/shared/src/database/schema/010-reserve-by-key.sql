-- Looks subjects up by key. With `in (select …)` the planner could not use the subject as a condition of the index and
-- read every reservation for each item: 64 callers fell from 13 thousand items a second to 400 at 8 thousand
-- reservations (`npm run bench -- ledger`).
create or replace function ledger.effect_reserve(e jsonb) returns jsonb language plpgsql as $$
declare
  wanted constant text[] := array(select distinct jsonb_array_elements_text(e -> 'subjects'));
  held planner.reservation;
begin
  select r.* into held from planner.reservation as r
  where r.subject = any (wanted) and r.migration_id <> (e ->> 'migrationId')::uuid
  order by r.subject limit 1;
  if found then
    return jsonb_build_object('reason', 'busy', 'detail',
      jsonb_build_object('subject', held.subject, 'holder', held.migration_id));
  end if;
  insert into planner.reservation (subject, migration_id)
  select subject, (e ->> 'migrationId')::uuid from unnest(wanted) as subject
  on conflict (subject) do nothing;
  return null;
end
$$;
