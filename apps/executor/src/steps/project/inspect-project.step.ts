import type { Step } from '../../running/step.js';
import { placeOf } from '../step-session.js';
import { inspectAll } from './inspect/inspect-all.js';

/** Looks at every database of a project that is asked for, and judges what stands before it. All is reported at once. */
export const inspectProject: Step<'inspect-project'> = {
  kind: 'inspect-project',
  readsOnly: true,

  probe: () => Promise.resolve({ state: 'not-started' }),

  run: inspectAll,

  verify: () => Promise.resolve(),

  undo: () => Promise.resolve({}),

  describe({ servers }) {
    const text = 'read catalogue, roles, rehome.schema_migrations and the recorded structure of each database';
    return servers.map((server) => ({ tool: 'sql', at: placeOf(server), text }));
  },
};
