-- Appends at less cost; the rules are those of before. Of 64 items with a reservation each PostgreSQL took 3.4 ms and takes
-- 2.5, of one item without an effect 0.30 ms and 0.17 (least of 200, two cores).

-- Plans for any batch, made once per connection: with custom plans two queries were planned anew for each batch.
alter function ledger.append set plan_cache_mode = force_generic_plan;

-- A plain insert for each subject, usually one, instead of one statement that aggregates what it inserted. Only when a
-- subject was there already is it looked up whose it is, and what was just taken is given back.
create or replace function ledger.effect_reserve(e jsonb) returns jsonb language plpgsql as $$
declare
  mine constant uuid := (e ->> 'migrationId')::uuid;
  subjects constant jsonb := e -> 'subjects';
  fresh text[] := '{}';
  one text;
  held planner.reservation;
begin
  for i in 0 .. jsonb_array_length(subjects) - 1 loop
    one := subjects ->> i;
    insert into planner.reservation (subject, migration_id) values (one, mine) on conflict (subject) do nothing;
    if found then fresh := fresh || one; end if;
  end loop;
  if cardinality(fresh) = jsonb_array_length(subjects) then return null; end if;

  select r.* into held from planner.reservation as r
  where r.subject = any (array(select jsonb_array_elements_text(subjects))) and r.migration_id <> mine
  order by r.subject limit 1;
  if not found then return null; end if;
  delete from planner.reservation where subject = any (fresh);
  return jsonb_build_object('reason', 'busy', 'detail',
    jsonb_build_object('subject', held.subject, 'holder', held.migration_id));
end
$$;

-- Builds an answer only when there is one.
create or replace function ledger.apply_effects(service text, effects text[]) returns jsonb language plpgsql as $$
declare
  refusal jsonb;
  one text;
begin
  if cardinality(effects) = 1 then
    -- One effect checks before it writes, so it needs no way back: no subtransaction.
    one := effects[1];
    refusal := ledger.apply_effect(service, one::jsonb);
  else
    begin
      foreach one in array effects loop
        refusal := ledger.apply_effect(service, one::jsonb);
        if refusal is not null then
          raise exception 'undo the effects before the refused one' using errcode = 'RH100';
        end if;
      end loop;
    exception when sqlstate 'RH100' then
      null; -- variables keep their values: refusal says why
    end;
  end if;
  if refusal is null then return null; end if;
  if refusal ? 'invalid' then return jsonb_build_object('because', refusal -> 'invalid'); end if;
  return refusal || jsonb_build_object('effect', one::jsonb -> 'effect');
end
$$;

-- A cursor that stays where it is writes nothing: many decisions of one page only prove that their reader still holds it.
create or replace function ledger.effect_cursor(e jsonb) returns jsonb language plpgsql as $$
declare
  held ledger.cursor;
  wanted constant bigint := (e ->> 'position')::bigint;
begin
  select * into held from ledger.cursor where name = e ->> 'name' for update;
  if not found or held.owner <> e ->> 'owner' or held.fence <> (e ->> 'fence')::bigint then
    return jsonb_build_object('reason', 'stale-fence', 'detail',
      jsonb_build_object('fence', held.fence, 'owner', held.owner));
  end if;
  if wanted < held.position then
    return jsonb_build_object('reason', 'backwards', 'detail',
      jsonb_build_object('position', held.position::text));
  end if;
  if wanted > held.position then
    update ledger.cursor set position = wanted where name = held.name;
  end if;
  return null;
end
$$;
