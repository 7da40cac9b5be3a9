import { describe, expect, it } from '@jest/globals';
import { describeEnvironment, environmentHoldsPassword, environmentOf } from './service-description.js';

const connection = { host: 'dedicated-7', port: 50123, user: 'acme', database: 'odoo_acme' };

describe('the environment of a service', () => {
  it('is given a connection string made of its template, each part encoded [b5 c13]', () => {
    const keys = {
      host: 'PGHOST',
      url: 'DATABASE_URL',
      urlTemplate: 'jdbc:postgresql://{host}:{port}/{database}?user={user}',
    };
    expect(environmentOf(keys, connection, undefined)).toEqual({
      PGHOST: 'dedicated-7',
      DATABASE_URL: 'jdbc:postgresql://dedicated-7:50123/odoo_acme?user=acme',
    });
  });

  it('takes the URI of libpq when no template is registered', () => {
    expect(environmentOf({ url: 'DATABASE_URL' }, connection, 'a/b')).toEqual({
      DATABASE_URL: 'postgresql://acme:a%2Fb@dedicated-7:50123/odoo_acme',
    });
  });

  it('leaves out what holds a password that nobody knows', () => {
    expect(environmentOf({ url: 'DATABASE_URL', password: 'PW', user: 'U' }, connection, undefined)).toEqual({
      U: 'acme',
    });
    expect(environmentHoldsPassword({ url: 'DATABASE_URL' })).toBe(true);
    expect(environmentHoldsPassword({ url: 'U', urlTemplate: 'jdbc:postgresql://{host}/{database}' })).toBe(false);
  });

  it('is described with the password as a placeholder', () => {
    expect(describeEnvironment({ url: 'DATABASE_URL' }, connection)).toEqual({
      DATABASE_URL: 'postgresql://acme:$PASSWORD@dedicated-7:50123/odoo_acme',
    });
  });
});
