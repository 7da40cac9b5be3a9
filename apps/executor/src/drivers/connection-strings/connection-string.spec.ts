import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse as parsePgUri } from 'pg-connection-string';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { fillConnectionTemplate, readConnectionString, rewriteConnectionString } from './connection-string.js';

const where = 'DATABASE_URL of /srv/app/.env';
const target = { host: 'dedicated-7', port: '50123', user: 'acme', password: 'p@ss w/ord%', database: 'odoo_acme' };

function rewrite(text: string, to = target): string {
  return rewriteConnectionString(text, to, { where });
}

function refusal(text: string): RehomeError {
  try {
    rewrite(text);
  } catch (error) {
    if (error instanceof RehomeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a connection string', () => {
  it.each([
    [
      'a URI of libpq',
      'postgres://odoo:old@pool-2:5432/shop?sslmode=require&application_name=a%20b',
      'postgres://acme:p%40ss%20w%2Ford%25@dedicated-7:50123/odoo_acme?sslmode=require&application_name=a%20b',
    ],
    [
      'a URI whose parts stand in its parameters',
      'postgresql:///?host=/run/pg&user=odoo&dbname=shop&password=x&sslmode=prefer',
      'postgresql:///?host=dedicated-7&port=50123&user=acme&dbname=odoo_acme&password=p%40ss%20w%2Ford%25&sslmode=prefer',
    ],
    ['a URI without port and database', 'postgresql://odoo@pool-2', 'postgresql://acme@dedicated-7:50123/odoo_acme'],
    ['a URI without a host', 'postgres:///shop', 'postgres://dedicated-7:50123/odoo_acme'],
    [
      'a URI with an IPv6 address',
      'postgres://u:x@[::1]:5/d',
      'postgres://acme:p%40ss%20w%2Ford%25@dedicated-7:50123/odoo_acme',
    ],
    [
      'keywords of libpq',
      "host=pool-2  port=5432 dbname='a b' user=odoo password='it\\'s' sslmode=require",
      "host=dedicated-7  port=50123 dbname='odoo_acme' user=acme password='p@ss w/ord%' sslmode=require",
    ],
    ['keywords without port', 'host = pool-2 dbname=a', 'host = dedicated-7 dbname=odoo_acme port=50123'],
    [
      'a JDBC URL with user and password',
      'jdbc:postgresql://pool-2:5432/shop?user=odoo&password=a+b&currentSchema=core',
      'jdbc:postgresql://dedicated-7:50123/odoo_acme?user=acme&password=p%40ss%20w%2Ford%25&currentSchema=core',
    ],
    [
      'a JDBC URL behind a wrapper',
      'jdbc:p6spy:postgresql://pool-2/shop',
      'jdbc:p6spy:postgresql://dedicated-7:50123/odoo_acme',
    ],
    [
      'a SQLAlchemy URL with its driver',
      'postgresql+psycopg2://odoo:old@pool-2/shop?connect_timeout=10',
      'postgresql+psycopg2://acme:p%40ss%20w%2Ford%25@dedicated-7:50123/odoo_acme?connect_timeout=10',
    ],
    [
      'a SQLAlchemy URL of asyncpg',
      'postgresql+asyncpg://u@h:1/d',
      'postgresql+asyncpg://acme@dedicated-7:50123/odoo_acme',
    ],
  ])('is rewritten in its parts only: %s [b5]', (_, before, after) => {
    expect(rewrite(before)).toBe(after);
    expect(rewrite(after)).toBe(after);
  });

  it('leaves a user and a password that a JDBC URL lacks to their own keys', () => {
    expect(rewrite('jdbc:postgresql://pool-2:5432/shop?ssl=true')).toBe(
      'jdbc:postgresql://dedicated-7:50123/odoo_acme?ssl=true',
    );
  });

  it('is given no port when it names none and 5432 is meant', () => {
    expect(rewrite('postgres://u@h/d', { ...target, port: '5432' })).toBe('postgres://acme@dedicated-7/odoo_acme');
  });

  it('puts an IPv6 address into brackets where the port follows it', () => {
    expect(rewrite('postgres://u@h:1/d', { ...target, host: 'fd00::7' })).toBe(
      'postgres://acme@[fd00::7]:50123/odoo_acme',
    );
    expect(rewrite('host=h port=1 dbname=d', { ...target, host: 'fd00::7' })).toContain('host=fd00::7 ');
  });

  it('leaves parts alone that have keys of their own', () => {
    const elsewhere = new Set(['host', 'port', 'database'] as const);
    expect(rewriteConnectionString('postgres:///?sslmode=require', target, { where, elsewhere })).toBe(
      'postgres:///?sslmode=require',
    );
  });

  it.each([
    ['several hosts', 'postgres://u:canary@a:1,b:2/d', 'names several servers'],
    ['several hosts of keywords', 'host=a,b password=canary', 'names several servers'],
    ['hostaddr', 'host=a hostaddr=10.0.0.1 password=canary', 'hostaddr'],
    ['hostaddr in a URI', 'postgres://u:canary@a/d?hostaddr=10.0.0.1', 'hostaddr'],
    ['placeholders', 'jdbc:postgresql://${DB_HOST:canary}:5432/shop', 'placeholders'],
    ['placeholders among keywords', 'host=${DB_HOST} password=canary', 'placeholders'],
    ['another database', 'mysql://u:canary@h/d', 'not one of PostgreSQL'],
    ['another driver of JDBC', 'jdbc:mysql://h/d?password=canary', 'jdbc:postgresql'],
    ['a second @', 'postgres://u:can@ary@h/d', '%40'],
    ['a slash in its password', 'postgres://u:canary/x@h/d', 'percent-encode'],
    ['a bare % in its password', 'postgres://u:canary%zz@h/d', '%25'],
    ['the form of .NET', 'Host=h;Port=5432;Password=canary', 'neither a URL'],
    ['the form of .NET in lower case', 'host=h;port=5432;password=canary', 'another format'],
    ['an open quote', "host='h password=canary", 'neither a URL'],
    ['nothing', '', 'neither a URL'],
  ])('is refused with %s, and none of it is told', (_, text, reason) => {
    const error = refusal(text);
    expect(error.code).toBe('CONNECTION_STRING_UNUSABLE');
    expect(error.message).toContain(reason);
    expect(error.message).toContain(where);
    expect(`${error.message} ${JSON.stringify(error.facts)}`).not.toContain('canary');
  });
});

describe('a template of a connection string', () => {
  it('is filled with each part encoded as its place needs it', () => {
    const fill = (template: string): string => fillConnectionTemplate(template, target, where);
    expect(fill('postgresql+psycopg2://{user}:{password}@{host}:{port}/{database}?sslmode=require')).toBe(
      'postgresql+psycopg2://acme:p%40ss%20w%2Ford%25@dedicated-7:50123/odoo_acme?sslmode=require',
    );
    expect(fill('jdbc:postgresql://{host}:{port}/{database}?currentSchema=core')).toBe(
      'jdbc:postgresql://dedicated-7:50123/odoo_acme?currentSchema=core',
    );
    expect(fill('host={host} port={port} dbname={database} user={user} password={password}')).toBe(
      "host=dedicated-7 port=50123 dbname=odoo_acme user=acme password='p@ss w/ord%'",
    );
  });

  it('is refused when it names a server or a password itself', () => {
    expect(() => fillConnectionTemplate('postgres://{user}:canary@{host}/d', target, where)).toThrow(
      'write {password}',
    );
    expect(() => fillConnectionTemplate('postgres://{user}@pool-2/{database}', target, where)).toThrow('write {host}');
  });
});

describe('any connection string', () => {
  const text = fc
    .oneof(fc.string({ minLength: 1, maxLength: 16 }), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }))
    .filter((value) => value.isWellFormed() && !value.includes('\0'));
  const name = fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,11}$/);
  const connection = fc.record({
    host: fc.oneof(fc.stringMatching(/^[a-z][a-z0-9.-]{0,11}[a-z0-9]$/), fc.ipV4()),
    port: fc.integer({ min: 5433, max: 65_535 }).map(String),
    user: text.filter((value) => !/[$#%{]/.test(value)),
    password: text,
    database: name,
  });
  const formats = fc.constantFrom(
    'postgres://u:p@h:1/d?sslmode=require&options=-c%20a%3Db',
    'postgresql://u:p@h:1?application_name=x',
    'postgresql+asyncpg://u:p@h/d',
    'jdbc:postgresql://h:1/d?user=u&ssl=true&password=p',
    "host=h port=1 dbname='d' user=u password=p sslmode=require",
    "user='u' password='p'\thost=h",
  );

  it('says what it was rewritten to, also after it said something else between', () => {
    fc.assert(
      fc.property(formats, connection, connection, (string, a, b) => {
        const once = rewrite(string, a);
        expect(readConnectionString(once, where)).toMatchObject(a);
        expect(rewrite(once, a)).toBe(once);
        const back = rewrite(rewrite(once, b), a);
        expect(readConnectionString(back, where)).toMatchObject(a);
      }),
      { numRuns: 300 },
    );
  });

  it('means the same to a parser that others wrote', () => {
    fc.assert(
      fc.property(connection, (to) => {
        const parsed = parsePgUri(rewrite('postgres://u:p@h:1/d?application_name=x%2Fy', to));
        expect(parsed).toMatchObject({ ...to, application_name: 'x/y' });
      }),
      { numRuns: 200 },
    );
  });
});
