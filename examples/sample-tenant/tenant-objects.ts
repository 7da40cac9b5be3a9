import { quoteIdentifier, quoteLiteral } from '#shared/database/identifier.js';

export interface TenantNames {
  readonly database: string;
  readonly owner: string;
  /** A second role that may read some of it. */
  readonly reader: string;
}

/** Everything of the sample tenant that is neither table nor row. Run as the owner. */
export function objectStatements(names: TenantNames): readonly string[] {
  return [INDEXES, VIEWS, FUNCTIONS, TRIGGERS, COMMENTS, security(names), largeObjectGrants(names.reader)];
}

const INDEXES = `
create unique index res_users_login_lower_idx on res_users (lower(login));
create index res_partner_active_name_idx on res_partner (name desc nulls last) include (email) where active;
create index mail_message_search_idx on mail_message using gin (search);
create index mail_message_res_idx on mail_message (model, res_id);
create index sale_order_line_order_idx on sale_order_line (order_id);
create index account_move_partner_idx on account_move (partner_id);
create statistics sale_order_partner_state (dependencies, ndistinct) on partner_id, state from sale_order;

alter table res_partner_res_partner_category_rel replica identity full;
alter table res_partner add constraint res_partner_email_check check (email is null or email like '%@%') not valid;
alter table sale_order alter column state set statistics 500;
alter table mail_message set (autovacuum_vacuum_scale_factor = 0.05);
alter table ir_config_parameter alter column value set storage external;
`;

const VIEWS = `
create view active_partner as
  select p.id, p.name, c.code as country
    from res_partner p
    left join res_country c on c.id = p.country_id
   where p.active;

create view sale_by_partner with (security_barrier) as
  select partner_id, state, count(*) as orders, sum(amount_total) as total
    from sale_order
   group by partner_id, state;

create materialized view sale_by_month as
  select date_trunc('month', date_order) as month, count(*) as orders, sum(amount_total) as total
    from sale_order
   group by 1
  with data;

create unique index sale_by_month_month_idx on sale_by_month (month);
`;

const FUNCTIONS = `
create function partner_label(partner res_partner) returns text
  language sql stable
  as $$ select partner.name || ' #' || partner.id $$;

create function next_invoice_number(prefix text default 'INV') returns text
  language plpgsql volatile security definer
  set search_path = public, pg_temp
  as $$
begin
  return prefix || '/' || nextval('public.ir_sequence_invoice');
end
$$;

create function log_user_change() returns trigger
  language plpgsql
  as $$
begin
  insert into public.res_users_log (user_id, before, after)
  values (new.id, to_jsonb(old) - 'totp_secret', row_to_json(new));
  return new;
end
$$;

create procedure archive_partner(partner integer)
  language sql
  as $$ update res_partner set active = false where id = partner $$;

create function longer_text(one text, other text) returns text
  language sql immutable strict
  as $$ select case when length(other) > length(one) then other else one end $$;

create aggregate longest_text(text) (sfunc = longer_text, stype = text);
`;

const TRIGGERS = `
create trigger res_users_log_change
  after update of login, email on res_users
  for each row when (old.* is distinct from new.*)
  execute function log_user_change();

create function refuse_truncate() returns trigger
  language plpgsql
  as $$
begin
  raise exception 'the journal is never emptied';
end
$$;

create trigger account_move_no_truncate
  before truncate on account_move
  for each statement
  execute function refuse_truncate();

alter table res_users disable trigger res_users_log_change;
alter table res_users enable always trigger res_users_log_change;

create rule ir_config_parameter_keep as
  on delete to ir_config_parameter
  where old.key = 'database.uuid'
  do instead nothing;
`;

const COMMENTS = `
comment on table res_partner is 'Customers, suppliers and addresses; it''s "everybody"';
comment on column res_users.totp_secret is 'second factor';
comment on function next_invoice_number(text) is 'Gap free only within a transaction';
comment on view active_partner is 'Partners that are not archived';
comment on sequence ir_sequence_unused is 'Nobody asked it yet';
comment on schema "Eigene Daten" is 'Von Hand';
comment on index mail_message_search_idx is 'Full text';
comment on constraint res_partner_email_check on res_partner is 'Old rows are not checked';
`;

function security({ owner, reader, database }: TenantNames): string {
  const ownerName = quoteIdentifier(owner);
  const readerName = quoteIdentifier(reader);
  const databaseName = quoteIdentifier(database);
  return `
alter table hr_note enable row level security;
create policy hr_note_owner on hr_note as permissive for all to ${ownerName} using (true) with check (true);
create policy hr_note_public on hr_note for select to ${readerName} using (not private);
create policy hr_note_no_system on hr_note as restrictive for select using (employee_id > 0);

grant usage on schema public, "Eigene Daten" to ${readerName};
grant select on active_partner, sale_by_partner, sale_by_month, sale_order, hr_note to ${readerName};
grant select (id, login), update (login_date) on res_users to ${readerName};
grant usage on sequence ir_sequence_countdown to ${readerName} with grant option;
revoke execute on function next_invoice_number(text) from public;
grant execute on function next_invoice_number(text) to ${readerName};
grant usage on type order_state to ${readerName};
grant temporary on database ${databaseName} to ${readerName};
revoke connect on database ${databaseName} from public;
grant connect on database ${databaseName} to ${readerName};

alter default privileges in schema public grant select on tables to ${readerName};
alter default privileges revoke execute on functions from public;
`;
}

function largeObjectGrants(reader: string): string {
  return `
do $$
declare
  attachment record;
begin
  for attachment in select content from ir_attachment where content is not null and id % 2 = 0 loop
    execute format('grant select on large object %s to %I', attachment.content, ${quoteLiteral(reader)});
  end loop;
end
$$;
`;
}
