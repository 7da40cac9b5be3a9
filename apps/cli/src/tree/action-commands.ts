import { Command, Option } from 'commander';
import type { WithBody } from './with-body.js';

/** What people ask of a migration that exists. */
export function actionCommands(withBody: WithBody): Command[] {
  return [
    withBody(
      onMigration('approve', 'show the plan and approve it by its hash')
        .option('--hash <hash>', 'of the plan that was read; for scripts')
        .option('--confirm <name>', 'name of the subject, when the plan is dangerous')
        .option('--reason <text>', 'why, for those who read it later')
        .option('--watch', 'follow it until it rests'),
      async () => (await import('../commands/approve.js')).approve,
    ),
    withReason(withBody, 'cancel', 'cancel it: what was done is taken back'),
    withReason(withBody, 'rollback', 'take it back; possible until the point of no return'),
    withReason(withBody, 'pause', 'hold back the next step'),
    withBody(onMigration('resume', 'go on after a pause'), async () => (await import('../commands/act.js')).resume),
    withBody(
      onMigration('retry', 'try the step again at which it halted'),
      async () => (await import('../commands/act.js')).retry,
    ),
    withBody(
      onMigration('resolve', 'say what became of the step at which it halted')
        .addOption(new Option('--step <id>', 'the step').makeOptionMandatory())
        .addOption(
          new Option('--outcome <found>', 'what was found')
            .choices(['done', 'not-done', 'failed'])
            .makeOptionMandatory(),
        )
        .addOption(new Option('--note <text>', 'how it was found out').makeOptionMandatory()),
      async () => (await import('../commands/act.js')).resolve,
    ),
    withBody(
      onMigration('report', 'everything that happened, from its events alone')
        .addOption(new Option('--format <form>', 'of the report').choices(['json', 'md', 'html']).default('md'))
        .option('--step <id>', 'only this step'),
      async () => (await import('../commands/report.js')).report,
    ),
  ];
}

function onMigration(name: string, description: string): Command {
  return new Command(name).description(description).argument('<id>', 'of the migration');
}

function withReason(withBody: WithBody, name: 'cancel' | 'rollback' | 'pause', description: string): Command {
  return withBody(
    onMigration(name, description).option('--reason <text>', 'kept in the ledger'),
    async () => (await import('../commands/act.js'))[name],
  );
}
