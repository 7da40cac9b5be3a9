/**
 * Rows of the sample tenant, the same on every run. The large tables hold `scale` times as many; scale 1 makes about
 * 412,000 rows.
 */
export function rowStatements(scale: number): readonly string[] {
  const count = (rows: number): string => String(Math.max(1, Math.round(rows * scale)));
  return [MASTER_DATA, PRODUCTS, ...bulk(count)];
}

const MASTER_DATA = `
insert into res_currency (name, rounding)
values ('EUR', 0.01), ('USD', 0.01), ('JPY', 1), ('BHD', 0.001);

insert into res_country (code, name, currency_id)
values ('DE', '{"en_US": "Germany", "de_DE": "Deutschland"}', 1), ('US', '{"en_US": "United States"}', 2),
       ('JP', '{"en_US": "Japan", "ja_JP": "日本"}', 3), ('BH', '{"en_US": "Bahrain"}', 4);

insert into res_company (name, currency_id)
values ('Acme GmbH', 1);

insert into res_partner (company_id, country_id, name, email, address, comment)
select 1,
       1 + n % 4,
       case n % 5 when 0 then 'Müller & Söhne ' when 1 then 'O''Reilly ' when 2 then '東京商事 ' when 3 then 'Bäckerei "Krume" ' else 'Acme ' end || n,
       case when n % 7 > 0 then 'partner' || n || '@example.com' end,
       row('Street ' || n, lpad(n::text, 5, '0'), E'City\\t' || n)::postal_address,
       case n % 3 when 0 then null when 1 then '' else E'line one\\nline two \\\\ "quoted"' end
  from generate_series(1, 40) n;

update res_partner set parent_id = id - 1 where id % 4 = 0;

update res_company set partner_id = 1;

insert into res_users (login, email, partner_id, company_id, login_date, totp_secret, preferences)
select case when n = 1 then '__system__' when n = 2 then 'admin' else 'user' || n end,
       'user' || n || '@example.com', n, 1,
       timestamptz '2025-12-17 08:00:00+00' + n * interval '1 hour',
       decode(md5('totp ' || n), 'hex'),
       jsonb_build_object('lang', 'de_DE', 'tz', 'Europe/Berlin', 'rank', n * 1.5)
  from generate_series(1, 7) n;

insert into res_groups (name, share)
values ('Internal User', false), ('Portal', true), ('Administration / Settings', null);

insert into res_groups_users_rel (gid, uid)
select 1 + n % 3, n from generate_series(1, 7) n;

insert into res_partner_category (name, parent_path)
select 'Tag ' || n, '1/' || n || '/' from generate_series(1, 9) n;

insert into res_partner_res_partner_category_rel (category_id, partner_id)
select 1 + n % 9, n from generate_series(1, 40) n
 union all
select 1, 1;

insert into ir_config_parameter (key, value)
values ('database.uuid', '7a1c9c1e-5d1b-4c61-9f0f-2b9f8c1de001'), ('web.base.url', 'https://acme.example.com'),
       ('empty', '');

insert into hr_note (id, employee_id, private, body, seen_from)
select md5('note ' || n)::uuid, 1 + n % 7, n % 2 = 0, 'note ' || n, ('10.0.' || n % 256 || '.0/24')::cidr
  from generate_series(1, 60) n;

insert into "Eigene Daten"."Größe ""in"" cm"
select n, n * interval '1 day 3 hours', 'サイズ ' || n from generate_series(1, 25) n;
`;

const PRODUCTS = `
insert into product_template (name, list_price, weight, price_band)
select jsonb_build_object('en_US', 'Product ' || n), n * 1.25, n / 3.0::double precision, money_range(n, n * 2)
  from generate_series(1, 200) n;

insert into product_product (product_tmpl_id, default_code, barcode)
select 1 + n % 200, 'SKU-' || n, lpad(n::text, 13, '0')
  from generate_series(1, 500) n;
`;

function bulk(count: (rows: number) => string): readonly string[] {
  return [
    `insert into sale_order (name, partner_id, user_id, state, date_order, amount_total)
     select 'S' || lpad(n::text, 8, '0'), 1 + n % 40, case when n % 11 > 0 then 1 + n % 7 end,
            (enum_range(null::order_state))[1 + n % 5],
            timestamp '2024-01-01' + n * interval '17 minutes', (n % 10007) * 1.01
       from generate_series(1, ${count(40_000)}) n`,
    `insert into sale_order_line (order_id, product_id, product_uom_qty, price_unit)
     select 1 + n % ${count(40_000)}, 1 + n % 500, 1 + n % 13, (n % 997) * 0.99
       from generate_series(1, ${count(150_000)}) n`,
    `insert into account_move (id, date, name, partner_id, amount_total)
     select n, date '2023-11-01' + (n % 900)::int, 'INV/' || n, 1 + n % 40, (n % 50021) * 0.37
       from generate_series(1, ${count(80_000)}) n`,
    `insert into mail_message (author_id, model, res_id, subject, body, seen_by, date)
     select 1 + n % 40, 'sale.order', n % 40000, case when n % 4 > 0 then 'Message ' || n % 1000 end,
            'Body of message ' || n || ': ' || md5(n::text), array[1 + n % 7, 1 + n % 5],
            timestamptz '2024-01-01 00:00:00+00' + n * interval '5 minutes'
       from generate_series(1, ${count(140_000)}) n`,
    `insert into ir_logging (create_date, name, level, message)
     select timestamptz '2025-01-01 00:00:00+00' + n * interval '1 minute', 'cron', 'info', 'run ' || n % 7
       from generate_series(1, ${count(1_200)}) n`,
    `select setval('ir_sequence_invoice', 9000000000000000001 + ${count(80_000)}),
            nextval('ir_sequence_countdown'), nextval('ir_sequence_countdown')`,
  ];
}

/** Attachments: large objects of growing size, the last one 1.5 MB, one empty. */
export const ATTACHMENTS = `
insert into ir_attachment (name, res_model, res_id, mimetype, checksum, content)
select 'file ' || n || '.bin', 'res.partner', n, 'application/octet-stream', md5('file ' || n)::uuid,
       lo_from_bytea(0, decode(repeat(md5('file ' || n), case n when 1 then 0 when 8 then 98304 else n * n * 40 end), 'hex'))
  from generate_series(1, 8) n;

insert into ir_attachment (name, mimetype)
values ('a link', 'text/uri-list');
`;
