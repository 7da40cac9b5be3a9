import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, it } from '@jest/globals';
import { createRun } from '../create-run.js';
import { report } from './report.js';

it('a report cannot steer the terminal, whatever a tenant calls its tables', async () => {
  const planner = createServer((_request, response) => response.end('# move of \u001b[2J\u009b31mshop\r\ndone'));
  planner.listen(0, '127.0.0.1');
  await once(planner, 'listening');
  const url = `http://127.0.0.1:${String((planner.address() as AddressInfo).port)}`;
  const said: string[] = [];
  const run = await createRun({ url }, {}, new AbortController().signal);
  const silent = { ...run, out: (text: string) => said.push(text), say: () => undefined };
  await report(silent, ['0193'], { format: 'md' });
  planner.closeAllConnections();
  planner.close();
  expect(said).toEqual(['# move of \\x1b[2J\\x9b31mshop\\x0d\ndone']);
});
