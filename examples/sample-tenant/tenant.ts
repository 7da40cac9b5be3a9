import { parseArgs } from 'node:util';
import { createTenant } from './create-tenant.js';
import { JsonSettings } from './read-settings.js';
import { printLine } from './ready-line.js';

/**
 * Makes the database of a sample tenant: Odoo-shaped, of this project's own making, 7 users and 40 partners.
 *
 *     echo '{"adminUrl": "postgres://…", "database": "odoo_acme", "owner": "acme", "ownerPassword": "…", "scale": 1}' |
 *       node tenant.js --settings -
 */
const { values } = parseArgs({ options: { settings: { type: 'string', default: '-' } } });
const settings = await JsonSettings.read(values.settings);
const facts = await createTenant({
  adminUrl: settings.text('adminUrl'),
  database: settings.text('database'),
  owner: settings.text('owner'),
  ownerPassword: settings.text('ownerPassword'),
  scale: settings.number('scale', 1),
});
printLine({ ready: true, ...facts });
