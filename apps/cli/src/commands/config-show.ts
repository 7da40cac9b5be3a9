import { CLI_SETTINGS, CLI_SETTING_NAMES, type CliSetting } from '../configuration/cli-settings.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { tableText } from '../rendering/table.js';
import type { Run } from '../run.js';

/** Every setting, its value and its origin; a secret only as given or not. */
export function configShow(run: Run): Promise<ExitCode> {
  const rows = CLI_SETTING_NAMES.map((name) => {
    const { value, origin } = run.settings[name];
    const { secret }: CliSetting = CLI_SETTINGS[name];
    const shown = secret === true && value !== undefined ? '(given)' : value;
    return { name, value: shown ?? null, origin: shown === undefined ? 'not given' : origin };
  });
  if (run.json) run.out(JSON.stringify({ settings: rows }));
  else {
    const table = tableText(
      rows,
      [
        { title: 'SETTING', rank: 0, cell: ({ name }) => name },
        { title: 'VALUE', rank: 0, cell: ({ value }) => value ?? '-' },
        { title: 'FROM', rank: 0, cell: ({ origin }) => origin },
      ],
      run.screen.width,
    );
    run.out(
      `${table}\n\nNext:  rehome list${run.screen.again}   (asks the planner at ${run.settings.url.value ?? ''})`,
    );
  }
  return Promise.resolve(EXIT.done);
}
