-- ledger.append: the only way in. One call, one autocommit statement, many callers' items.
--
-- The batch comes as parallel arrays. `streams` are the distinct stream names; an append names its
-- item, its stream (index into streams) and the version it expects (null: any); an event names its
-- append; an effect names its item. Appends, events and effects are ordered by item. Texts that need
-- parsing (UUID, JSON) come as text, so that a bad one is an answer for its item, not a failed call.
--
-- Answers one row per item:
--   appended   last_position: of its last event (of the ledger's head when it has none); versions per append
--   repeated   every event of it is in the ledger already: last_position as it was then, nothing done
--   conflict   detail {stream, expected, actual}
--   refused    detail {effect, reason, detail}
--   invalid    detail {because}

-- One attempt at a batch, in item order: each sees what the ones before it did.
create function ledger.append_items(
  item_count integer,
  streams text[],
  append_item integer[],
  append_stream integer[],
  append_expected bigint[],
  event_append integer[],
  event_id text[],
  event_type text[],
  event_schema_version integer[],
  event_data text[],
  event_metadata text[],
  effect_item integer[],
  effects text[]
) returns table (item integer, outcome text, last_position bigint, versions bigint[], detail jsonb)
language plpgsql as $$
#variable_conflict use_column
declare
  service constant text := ledger.calling_service();
  head ledger.head;
  at_time timestamptz;
  -- Per stream: version in the ledger before this batch, and with this batch's items so far.
  version_before bigint[];
  version_now bigint[];
  -- Per event: 0 unknown, its position, or minus its position when it holds other content.
  known bigint[];
  -- Item number → what is wrong with one of its events; null when nothing is.
  faults jsonb;
  accepted boolean[] := array_fill(false, array[item_count]);
  next_position bigint;
  a integer := 1;        -- first append of the item
  a_end integer;         -- one past its last
  v integer := 1;        -- first event of the item
  v_end integer;
  f integer := 1;        -- first effect of the item
  f_end integer;
  i integer;
  s integer;
  repeats integer;
  append_count constant integer := coalesce(array_length(append_item, 1), 0);
  event_count constant integer := coalesce(array_length(event_append, 1), 0);
  effect_count constant integer := coalesce(array_length(effect_item, 1), 0);
begin
  -- Held until commit: positions are allocated in commit order.
  select * into strict head from ledger.head for update;
  if head.held_because is not null then
    raise exception 'the ledger takes no appends: %', head.held_because using errcode = 'RH001';
  end if;
  at_time := greatest(clock_timestamp(), head.recorded_at);
  next_position := head.position;

  version_before := array(
    select coalesce((select max(e.stream_version) from ledger.event e where e.stream_id = s.name), 0)
    from unnest(streams) with ordinality as s(name, ord) order by s.ord
  );
  version_now := version_before;
  if event_count > 0 then
    known := array(
      select coalesce((
        select case
          when e.stream_id = streams[append_stream[x.append]] and e.type = x.type
            and e.schema_version = x.schema_version and e.data::text = x.data
          then e.position else -e.position end
        from ledger.event e where e.event_id = x.id::uuid
      ), 0)
      from unnest(event_append, event_id, event_type, event_schema_version, event_data)
        with ordinality as x(append, id, type, schema_version, data, ord)
      order by x.ord
    );
    select jsonb_object_agg(append_item[x.append], x.fault) into faults
    from (
      select y.append, ledger.event_fault(service, streams[append_stream[y.append]], y.type, y.schema_version, y.data, y.metadata) as fault
      from unnest(event_append, event_type, event_schema_version, event_data, event_metadata)
        as y(append, type, schema_version, data, metadata)
    ) as x
    where x.fault is not null;
  end if;

  for n in 1 .. item_count loop
    a_end := a;
    while a_end <= append_count and append_item[a_end] = n loop a_end := a_end + 1; end loop;
    v_end := v;
    repeats := 0;
    while v_end <= event_count and event_append[v_end] < a_end loop
      if known[v_end] <> 0 then repeats := repeats + 1; end if;
      v_end := v_end + 1;
    end loop;
    f_end := f;
    while f_end <= effect_count and effect_item[f_end] = n loop f_end := f_end + 1; end loop;

    item := n;
    versions := null;
    detail := null;
    last_position := null;
    outcome := 'appended';

    if faults ? n::text then
      outcome := 'invalid';
      detail := jsonb_build_object('because', faults -> n::text);
    elsif repeats > 0 then
      detail := ledger.repeat_fault(known[v : v_end - 1], event_id[v : v_end - 1]);
      if detail is not null then
        outcome := 'invalid';
      else
        outcome := 'repeated';
        last_position := (select max(k) from unnest(known[v : v_end - 1]) as k);
      end if;
    else
      for i in a .. a_end - 1 loop
        s := append_stream[i];
        if append_expected[i] <> version_now[s] then
          outcome := 'conflict';
          detail := jsonb_build_object('stream', streams[s], 'expected', append_expected[i], 'actual', version_now[s]);
          exit;
        end if;
      end loop;
      if outcome = 'appended' and f_end > f then
        detail := ledger.apply_effects(service, effects[f : f_end - 1]);
        if detail is not null then
          outcome := case when detail ? 'because' then 'invalid' else 'refused' end;
        end if;
      end if;
      if outcome = 'appended' then
        accepted[n] := true;
        next_position := next_position + (v_end - v);
        for i in v .. v_end - 1 loop
          s := append_stream[event_append[i]];
          version_now[s] := version_now[s] + 1;
        end loop;
        last_position := next_position;
        versions := '{}';
        for i in a .. a_end - 1 loop
          versions := versions || version_now[append_stream[i]];
        end loop;
      end if;
    end if;
    return next;
    a := a_end;
    v := v_end;
    f := f_end;
  end loop;

  if next_position > head.position then
    perform ledger.write_events(head, at_time, streams, version_before, accepted, append_item, append_stream,
      event_append, event_id, event_type, event_schema_version, event_data, event_metadata);
    perform pg_notify('rehome_ledger', next_position::text);
  end if;
end
$$;

-- The batch at once; when a value in it cannot be stored (unreadable JSON, a UUID that is none, a
-- constraint), item by item, so that the bad one fails alone. Any other failure is the batch's.
create function ledger.append(
  item_count integer,
  streams text[],
  append_item integer[],
  append_stream integer[],
  append_expected bigint[],
  event_append integer[],
  event_id text[],
  event_type text[],
  event_schema_version integer[],
  event_data text[],
  event_metadata text[],
  effect_item integer[],
  effects text[]
) returns table (item integer, outcome text, last_position bigint, versions bigint[], detail jsonb)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
-- Plans are cached while the tables are still empty; without these a sequential scan would be kept.
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
declare
  broken text;
begin
  begin
    return query select * from ledger.append_items(
      item_count, streams, append_item, append_stream, append_expected, event_append, event_id, event_type,
      event_schema_version, event_data, event_metadata, effect_item, effects);
    return;
  exception when data_exception or integrity_constraint_violation then
    null;
  end;
  for n in 1 .. item_count loop
    begin
      return query
      with part as (
        select
          array_agg(x.ord order by x.ord) as appends,
          array_agg(x.stream order by x.ord) as append_stream,
          array_agg(x.expected order by x.ord) as append_expected
        from unnest(append_item, append_stream, append_expected) with ordinality as x(item, stream, expected, ord)
        where x.item = n
      ),
      events as (
        select
          array_agg(array_position(part.appends, x.append::bigint) order by x.ord) as event_append,
          array_agg(x.id order by x.ord) as event_id,
          array_agg(x.type order by x.ord) as event_type,
          array_agg(x.schema_version order by x.ord) as event_schema_version,
          array_agg(x.data order by x.ord) as event_data,
          array_agg(x.metadata order by x.ord) as event_metadata
        from part, unnest(append.event_append, append.event_id, append.event_type, append.event_schema_version,
            append.event_data, append.event_metadata)
          with ordinality as x(append, id, type, schema_version, data, metadata, ord)
        where append_item[x.append] = n
      ),
      done as (
        select array_agg(x.effect order by x.ord) as effects
        from unnest(effect_item, append.effects) with ordinality as x(item, effect, ord)
        where x.item = n
      )
      select n, answer.outcome, answer.last_position, answer.versions, answer.detail
      from part, events, done, ledger.append_items(
        1, streams, array_fill(1, array[coalesce(cardinality(part.appends), 0)]), part.append_stream, part.append_expected,
        events.event_append, events.event_id, events.event_type, events.event_schema_version, events.event_data,
        events.event_metadata, array_fill(1, array[coalesce(cardinality(done.effects), 0)]), done.effects) as answer;
    exception when data_exception or integrity_constraint_violation then
      get stacked diagnostics broken = message_text;
      return query select n, 'invalid'::text, null::bigint, null::bigint[], jsonb_build_object('because', broken);
    end;
  end loop;
end
$$;

-- Stops appends: what the ledger should hold (Kafka's tail, a signed checkpoint) and what it holds differ.
-- Only an administrator lets it go on, under a new epoch, after the tail was imported or given up.
create function ledger.hold(because text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update ledger.head set held_because = because where held_because is null
$$;

create function ledger.resume() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update ledger.head set held_because = null, epoch = epoch + 1 where held_because is not null
$$;
