-- Effects: what an item of ledger.append does to the caller's own tables, in the same transaction.
-- Each answers null when done, else why not, having changed nothing:
-- {"reason": …, "detail": {…}} (an answer for the caller) or {"invalid": …} (an error of the caller).
-- All of them run under the lock on ledger.head, so a check and the write after it cannot be raced by
-- another append; rows that heartbeats touch as well are locked (order: head, then the row).
-- Only ledger.append calls them: they need no checks of their own and pin no search_path.

create function ledger.effect_accept(e jsonb) returns jsonb language plpgsql as $$
declare
  run constant jsonb := e -> 'run';
  held executor.step_run;
begin
  if exists (select from executor.inbox where command_id = (e ->> 'commandId')::uuid) then
    return jsonb_build_object('reason', 'duplicate', 'detail', jsonb_build_object('commandId', e -> 'commandId'));
  end if;
  select * into held from executor.step_run
  where migration_id = (run ->> 'migrationId')::uuid and step_id = run ->> 'stepId'
    and direction = run ->> 'direction' and generation = (run ->> 'generation')::integer;
  if found then
    return jsonb_build_object('reason', 'duplicate', 'detail',
      jsonb_build_object('commandId', held.command_id, 'state', held.state));
  end if;

  if run ? 'slot' then
    insert into executor.slot (key, capacity)
    values (run -> 'slot' ->> 'key', (run -> 'slot' ->> 'capacity')::integer)
    on conflict (key) do update set capacity = excluded.capacity
    where slot.capacity <> excluded.capacity;
  end if;
  insert into executor.inbox (command_id) values ((e ->> 'commandId')::uuid);
  insert into executor.step_run (
    migration_id, step_id, direction, generation, command_id, command_position, kind, version,
    params, result, timeout_ms, site, slot_key, correlation_id
  ) values (
    (run ->> 'migrationId')::uuid, run ->> 'stepId', run ->> 'direction', (run ->> 'generation')::integer,
    (e ->> 'commandId')::uuid, (run ->> 'commandPosition')::bigint, run ->> 'kind', (run ->> 'version')::integer,
    (run -> 'params')::json, (run -> 'result')::json, (run ->> 'timeoutMs')::bigint, run ->> 'site',
    run -> 'slot' ->> 'key', run ->> 'correlationId'
  );
  return null;
end
$$;

create function ledger.lock_step_run(key jsonb) returns executor.step_run language sql as $$
  select * from executor.step_run
  where migration_id = (key ->> 'migrationId')::uuid and step_id = key ->> 'stepId'
    and direction = key ->> 'direction' and generation = (key ->> 'generation')::integer
  for update
$$;

create function ledger.effect_claim(e jsonb) returns jsonb language plpgsql as $$
declare
  run executor.step_run := ledger.lock_step_run(e -> 'key');
  -- Read after the row lock: a heartbeat that was just waited for counts.
  at_time constant timestamptz := clock_timestamp();
  slot executor.slot;
  running integer;
begin
  if run.fence is null or run.fence <> (e ->> 'expectedFence')::bigint or not (
    run.state = 'accepted'
    or (run.state = 'waiting' and run.retry_at <= at_time)
    or (run.state = 'running' and run.lease_until < at_time)
  ) then
    return jsonb_build_object('reason', 'not-claimable', 'detail',
      jsonb_build_object('state', run.state, 'fence', run.fence, 'owner', run.owner));
  end if;

  if run.slot_key is not null then
    select * into slot from executor.slot where key = run.slot_key for update;
    select count(*) into running from executor.step_run as other
    where other.slot_key = run.slot_key and other.state = 'running' and other.command_id <> run.command_id;
    if running >= slot.capacity then
      return jsonb_build_object('reason', 'no-slot', 'detail',
        jsonb_build_object('slot', slot.key, 'capacity', slot.capacity, 'running', running));
    end if;
  end if;

  update executor.step_run
  set state = 'running',
      owner = e ->> 'owner',
      fence = fence + 1,
      attempt = attempt + 1,
      lease_until = at_time + (e ->> 'ttlMs')::bigint * interval '1 ms',
      deadline = coalesce(deadline, at_time + timeout_ms * interval '1 ms'),
      started_at = coalesce(started_at, at_time),
      retry_at = null,
      progress = null
  where command_id = run.command_id;
  return null;
end
$$;

create function ledger.effect_finish(e jsonb) returns jsonb language plpgsql as $$
declare
  run executor.step_run := ledger.lock_step_run(e -> 'key');
  at_time constant timestamptz := clock_timestamp();
begin
  if run.fence is null or run.state <> 'running' or run.fence <> (e ->> 'fence')::bigint then
    return jsonb_build_object('reason', 'stale-fence', 'detail',
      jsonb_build_object('state', run.state, 'fence', run.fence, 'owner', run.owner));
  end if;

  update executor.step_run
  set state = e ->> 'state',
      owner = null,
      lease_until = null,
      retry_at = case when e ->> 'state' = 'waiting'
        then at_time + coalesce((e ->> 'retryAfterMs')::bigint, 0) * interval '1 ms' end,
      finished_at = case when e ->> 'state' <> 'waiting' then at_time end
  where command_id = run.command_id;
  return null;
end
$$;

create function ledger.effect_cursor(e jsonb) returns jsonb language plpgsql as $$
declare
  held ledger.cursor;
begin
  select * into held from ledger.cursor where name = e ->> 'name' for update;
  if not found or held.owner <> e ->> 'owner' or held.fence <> (e ->> 'fence')::bigint then
    return jsonb_build_object('reason', 'stale-fence', 'detail',
      jsonb_build_object('fence', held.fence, 'owner', held.owner));
  end if;
  if (e ->> 'position')::bigint < held.position then
    return jsonb_build_object('reason', 'backwards', 'detail',
      jsonb_build_object('position', held.position::text));
  end if;
  update ledger.cursor set position = (e ->> 'position')::bigint where name = held.name;
  return null;
end
$$;

create function ledger.effect_idempotency(e jsonb) returns jsonb language plpgsql as $$
declare
  held planner.idempotency;
begin
  select * into held from planner.idempotency where scope = e ->> 'scope' and key = e ->> 'key';
  if not found then
    insert into planner.idempotency (scope, key, body_hash, answer)
    values (e ->> 'scope', e ->> 'key', e ->> 'bodyHash', (e -> 'answer')::json);
    return null;
  end if;
  if held.body_hash = e ->> 'bodyHash' then
    return jsonb_build_object('reason', 'same-body', 'detail', jsonb_build_object('answer', held.answer::jsonb));
  end if;
  return jsonb_build_object('reason', 'other-body', 'detail', '{}'::jsonb);
end
$$;

create function ledger.effect_reserve(e jsonb) returns jsonb language plpgsql as $$
declare
  held planner.reservation;
begin
  select r.* into held from planner.reservation as r
  where r.subject in (select jsonb_array_elements_text(e -> 'subjects'))
    and r.migration_id <> (e ->> 'migrationId')::uuid
  order by r.subject limit 1;
  if found then
    return jsonb_build_object('reason', 'busy', 'detail',
      jsonb_build_object('subject', held.subject, 'holder', held.migration_id));
  end if;
  insert into planner.reservation (subject, migration_id)
  select distinct subject, (e ->> 'migrationId')::uuid
  from jsonb_array_elements_text(e -> 'subjects') as subject
  on conflict (subject) do nothing;
  return null;
end
$$;

create function ledger.effect_release(e jsonb) returns jsonb language plpgsql as $$
begin
  delete from planner.reservation where migration_id = (e ->> 'migrationId')::uuid;
  return null;
end
$$;

-- Each service may only have effects on its own tables; both move cursors.
create function ledger.apply_effect(service text, e jsonb) returns jsonb language plpgsql as $$
begin
  case service || ' ' || coalesce(e ->> 'effect', '')
    when 'planner cursor', 'executor cursor' then return ledger.effect_cursor(e);
    when 'executor accept' then return ledger.effect_accept(e);
    when 'executor claim' then return ledger.effect_claim(e);
    when 'executor finish' then return ledger.effect_finish(e);
    when 'planner idempotency' then return ledger.effect_idempotency(e);
    when 'planner reserve' then return ledger.effect_reserve(e);
    when 'planner release' then return ledger.effect_release(e);
    else return jsonb_build_object('invalid', format('the %s has no effect "%s"', service, e ->> 'effect'));
  end case;
end
$$;

-- The effects of one item, all or none: null when done, else {effect, reason, detail} or {because}.
create function ledger.apply_effects(service text, effects text[]) returns jsonb language plpgsql as $$
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
  if refusal ? 'invalid' then return jsonb_build_object('because', refusal -> 'invalid'); end if;
  return refusal || jsonb_build_object('effect', one::jsonb -> 'effect');
end
$$;
