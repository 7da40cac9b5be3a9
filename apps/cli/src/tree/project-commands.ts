import { Command } from 'commander';
import type { WithBody } from './with-body.js';

/** Projects of versioned migrations: their files, and what the planner has of them. */
export function projectCommands(withBody: WithBody): Command[] {
  const project = new Command('project').description('projects of versioned migrations');
  const body = async () => import('../commands/projects.js');
  project.addCommand(
    withBody(
      new Command('check')
        .description('whether a project holds together and its SQL is safe; no server is asked')
        .argument('[folder]', 'with project.yaml', '.'),
      async () => (await import('../commands/project-check.js')).projectCheck,
    ),
  );
  project.addCommand(
    withBody(
      new Command('push')
        .description('hand a project to the planner; nothing is applied by this')
        .argument('[folder]', 'with project.yaml', '.'),
      async () => (await body()).projectPush,
    ),
  );
  project.addCommand(
    withBody(new Command('list').description('projects that were pushed'), async () => (await body()).projectList),
  );
  project.addCommand(
    withBody(
      new Command('show').description('one project as it was pushed last').argument('<name>', 'its name'),
      async () => (await body()).projectShow,
    ),
  );
  const route = withBody(
    new Command('route')
      .description('which database holds a table, why, and which migration puts it there')
      .argument('<table>', 'or model: simulation.simulationresult')
      .option('--project <where>', 'folder with project.yaml, or name of a pushed project', '.'),
    async () => (await import('../commands/route.js')).route,
  );
  return [project, route];
}
