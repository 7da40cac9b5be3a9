import { RehomeError } from '#shared/errors/rehome-error.js';
import { checkProject } from '../../health/projects/check-project.js';
import { chosen, lookParts } from '../../health/projects/look-at-project.js';
import { sessionName } from '../../postgres/session-name.js';
import type { Step } from '../../running/step.js';
import { placeOf } from '../step-session.js';

/** Looks at every database of a project: reachable, tables, status, pending, drift; and keeps what it saw. */
export const checkHealth: Step<'check-health'> = {
  kind: 'check-health',
  readsOnly: true,

  probe: () => Promise.resolve({ state: 'not-started' }),

  async run({ params, run, signal, tools }) {
    const { project: pin, servers } = params;
    const project = await tools.projects.load(pin);
    const { databases, unknown } = chosen(project.definition.databases, params.databases);
    if (unknown.length > 0)
      throw new RehomeError('REQUEST_INVALID', `project ${pin.name} has no database ${unknown.join(', ')}`);
    const checkedAt = new Date();
    const parts = lookParts({ tools, sessionName: sessionName(run) }, { project, signal });
    const found = await checkProject(databases, servers, parts);
    await tools.projectHealth.record(pin, found, checkedAt);
    return { healthy: found.every(({ state }) => state === 'healthy'), databases: found };
  },

  verify: () => Promise.resolve(),

  undo: () => Promise.resolve({}),

  describe({ project, servers, databases }) {
    const which = databases === undefined ? 'every database' : databases.join(', ');
    const text = `read tables, tracking and structure of ${which} of project ${project.name}`;
    return servers.map((server) => ({ tool: 'sql', at: placeOf(server), text }));
  },
};
