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

-- Which service calls: by the login role, since the function itself runs as rehome_owner.
create function ledger.calling_service() returns text language plpgsql stable as $$
begin
  if pg_has_role(session_user, 'rehome_planner', 'member') then return 'planner'; end if;
  if pg_has_role(session_user, 'rehome_executor', 'member') then return 'executor'; end if;
  raise exception 'role % may not append to the ledger', session_user using errcode = 'insufficient_privilege';
end
$$;

-- The small functions below are stable, not immutable, because what they call is only stable: declared
-- immutable they could not be inlined (measured: 1.4 instead of 0.3 µs per field, 11 instead of 1 per event).

create function ledger.owns_stream(service text, stream_id text) returns boolean language sql stable as $$
  select case service
    when 'planner' then stream_id like 'migration-_%' or stream_id like 'instance-_%'
      or stream_id like 'registry-_%' or stream_id like 'intake-_%'
    when 'executor' then stream_id like 'step-_%'
    else false
  end
$$;

-- 4-byte big-endian length and UTF-8 bytes: how a field enters the hash. The database's encoding is UTF8.
create function ledger.hash_field(field text) returns bytea language sql stable as $$
  select int4send(octet_length(field)) || convert_to(field, 'UTF8')
$$;

create function ledger.chain_link(hash bytea, first_prev bytea, fields bytea) returns bytea
language plpgsql immutable as $$
begin
  return sha256(coalesce(hash, first_prev) || fields);
end
$$;

-- As a window over rows in position order it yields each row's hash: the chain, set-based.
create aggregate ledger.chain_hash(first_prev bytea, fields bytea) (
  sfunc = ledger.chain_link,
  stype = bytea
);

-- What makes an event unacceptable whatever the state of the ledger, or null. JSON is limited to what
-- jsonb can read too, so that no event can break a query over the ledger: no \u0000, no lone surrogate.
create function ledger.event_fault(service text, stream_id text, type text, schema_version integer, data text, metadata text)
returns text language sql stable as $$
  select case
    when not ledger.owns_stream(service, stream_id) then format('the %s may not append to stream "%s"', service, stream_id)
    when type = '' or octet_length(type) > 100 then 'the name of an event has 1 to 100 bytes'
    when schema_version < 1 then 'schema versions start at 1'
    when octet_length(data) + octet_length(metadata) > 262144
      then format('%s has %s bytes, the limit is 262144', type, octet_length(data) + octet_length(metadata))
    when strpos(data || metadata, '\u') > 0 and data || ' ' || metadata ~ '(^|[^\\])(\\\\)*\\u(0000|[dD][89a-fA-F])'
      then format('%s holds \u0000 or an escaped surrogate, which the ledger does not store', type)
  end
$$;

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
  refusal jsonb;
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
    refusal := null;
    outcome := 'appended';

    if faults ? n::text then
      outcome := 'invalid';
      detail := jsonb_build_object('because', faults -> n::text);
    elsif repeats > 0 then
      for i in v .. v_end - 1 loop
        if known[i] < 0 then
          outcome := 'invalid';
          detail := jsonb_build_object('because', format('event %s is in the ledger at position %s with other content',
            event_id[i], -known[i]));
        end if;
      end loop;
      if outcome = 'invalid' then
        null;
      elsif repeats < v_end - v then
        outcome := 'invalid';
        detail := jsonb_build_object('because', format('%s of %s events of the item are in the ledger already, the others are not',
          repeats, v_end - v));
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
      if outcome = 'appended' and f_end - f = 1 then
        -- One effect checks before it writes, so it needs no way back.
        refusal := ledger.apply_effect(service, effects[f]::jsonb);
      elsif outcome = 'appended' and f_end > f then
        begin
          for i in f .. f_end - 1 loop
            refusal := ledger.apply_effect(service, effects[i]::jsonb);
            if refusal is not null then
              refusal := refusal || jsonb_build_object('effect', effects[i]::jsonb ->> 'effect');
              raise exception 'undo the effects before the refused one' using errcode = 'RH100';
            end if;
          end loop;
        exception when sqlstate 'RH100' then
          null; -- variables keep their values: refusal says why
        end;
      end if;
      if refusal ? 'invalid' then
        outcome := 'invalid';
        detail := jsonb_build_object('because', refusal -> 'invalid');
      elsif refusal is not null then
        outcome := 'refused';
        detail := jsonb_build_object('effect', effects[f]::jsonb -> 'effect') || refusal;
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

-- Numbers, chains and stores the events of accepted items, in order, with one insert.
create function ledger.write_events(
  head ledger.head,
  at_time timestamptz,
  streams text[],
  version_before bigint[],
  accepted boolean[],
  append_item integer[],
  append_stream integer[],
  event_append integer[],
  event_id text[],
  event_type text[],
  event_schema_version integer[],
  event_data text[],
  event_metadata text[]
) returns void language plpgsql as $$
#variable_conflict use_column
declare
  ledger_field constant bytea := ledger.hash_field(head.ledger_id::text);
  time_field constant bytea := ledger.hash_field(to_char(at_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
begin
  with given as (
    select
      x.id::uuid as event_id, x.type, x.schema_version, x.data, x.metadata,
      streams[append_stream[x.append]] as stream_id,
      head.position + row_number() over (order by x.ord) as position,
      version_before[append_stream[x.append]]
        + row_number() over (partition by append_stream[x.append] order by x.ord) as stream_version
    from unnest(event_append, event_id, event_type, event_schema_version, event_data, event_metadata)
      with ordinality as x(append, id, type, schema_version, data, metadata, ord)
    where accepted[append_item[x.append]]
  ),
  chained as (
    select
      given.*,
      ledger.chain_hash(
        head.hash,
        ledger_field || ledger.hash_field(given.position::text) || ledger.hash_field(stream_id)
          || ledger.hash_field(stream_version::text) || ledger.hash_field(given.event_id::text) || ledger.hash_field(type)
          || ledger.hash_field(schema_version::text) || time_field
          || ledger.hash_field(data) || ledger.hash_field(metadata)
      ) over (order by given.position rows between unbounded preceding and current row) as hash
    from given
  ),
  written as (
    insert into ledger.event (
      position, stream_id, stream_version, event_id, type, schema_version, recorded_at, data, metadata, prev_hash, hash
    )
    select
      c.position, stream_id, stream_version, c.event_id, type, schema_version, at_time, data::json, metadata::json,
      lag(c.hash, 1, head.hash) over (order by c.position), c.hash
    from chained as c
    order by c.position
    returning event.position, event.hash
  )
  update ledger.head
  set position = w.position, hash = w.hash, recorded_at = at_time
  from (select written.position, written.hash from written order by written.position desc limit 1) as w;
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
