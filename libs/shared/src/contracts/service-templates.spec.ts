import { describe, expect, it } from '@jest/globals';
import type { ServiceDefinition } from './registry.js';
import { fillService } from './service-templates.js';

const instanceId = '46784872-1111-4222-8333-444455556666';
const definition: ServiceDefinition = {
  name: 'odoo-{database}-{instanceId8}',
  control: { driver: 'http', url: 'http://swarm:8080/services/odoo-{database}-{instanceId8}' },
  configFiles: [
    {
      path: '/mnt/cephfs/odoo_instances/odoo_data_{database}_{instanceId8}/conf/odoo.conf',
      format: 'ini',
      section: 'options',
      keys: { host: 'db_host' },
    },
  ],
};

describe('a service template', () => {
  it('names service, address and file after the database and the first eight hex of the instance [c17]', () => {
    const filled = fillService(definition, { database: 'odoo_acme', instanceId });
    expect(filled.name).toBe('odoo-odoo_acme-46784872');
    expect(filled.control).toEqual({ driver: 'http', url: 'http://swarm:8080/services/odoo-odoo_acme-46784872' });
    expect(filled.configFiles[0]?.path).toBe('/mnt/cephfs/odoo_instances/odoo_data_odoo_acme_46784872/conf/odoo.conf');
  });

  it('keeps the mode of a secret file', () => {
    const secretFile = { path: '/srv/{database}/password', mode: '0640' } as const;
    const filled = fillService({ ...definition, secretFile }, { database: 'acme', instanceId });
    expect(filled.secretFile).toEqual({ path: '/srv/acme/password', mode: '0640' });
  });

  it('fills every argument of a command and leaves other braces alone', () => {
    const argv = ['/usr/bin/ctl', '--format', '{{.Name}}', 'app-{database}'];
    const filled = fillService(
      {
        ...definition,
        control: { driver: 'command', commands: { stop: argv, start: argv, status: argv, environment: argv } },
      },
      { database: 'it’s "A" $& b', instanceId },
    );
    const expected = ['/usr/bin/ctl', '--format', '{{.Name}}', 'app-it’s "A" $& b'];
    expect(filled.control).toEqual({
      driver: 'command',
      commands: { stop: expected, start: expected, status: expected, environment: expected },
    });
  });

  it('encodes a database name for an address', () => {
    const filled = fillService(definition, { database: 'a b?', instanceId });
    expect(filled).toMatchObject({ control: { url: 'http://swarm:8080/services/odoo-a%20b%3F-46784872' } });
  });

  it.each(['..', '.', 'a/b', '../../etc', 'a\\b'])('refuses the database name %j in a path', (database) => {
    const local = { ...definition, control: { driver: 'http', url: 'http://x' } as const };
    expect(() => fillService(local, { database, instanceId })).toThrow(
      expect.objectContaining({ code: 'PATH_NOT_ALLOWED' }),
    );
  });

  it('does not fill what a value brings in', () => {
    expect(fillService(definition, { database: '{instanceId8}', instanceId }).name).toBe('odoo-{instanceId8}-46784872');
  });

  it('refuses a template that needs an instance when there is none', () => {
    expect(() => fillService(definition, { database: 'a' })).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
    const plain = {
      ...definition,
      name: 'app',
      configFiles: [],
      control: { driver: 'http', url: 'http://x' } as const,
    };
    expect(fillService(plain, { database: 'a' })).toEqual(plain);
  });
});
