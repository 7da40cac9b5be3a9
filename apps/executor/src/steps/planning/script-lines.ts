import type { PlannedStep, StepDescription } from '#shared/contracts/plan.js';
import type {
  ApplyMigrationsParams,
  ProjectPin,
  RevertMigrationParams,
} from '#shared/contracts/steps/project-steps.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { idOf } from '#shared/projects/version-words.js';

type Lines = StepDescription['lines'];

/** An event holds 256 KiB, and the steps' own lines need room, too. */
const LONGEST_SCRIPT = 8 * 1024;
const LONGEST_TOGETHER = 64 * 1024;

/** Tells the texts of scripts until there are too many of them: each file once, in the order in which they are run. */
export class ScriptLines {
  private left = LONGEST_TOGETHER;
  private readonly told = new Set<string>();

  /** @param load the project of a plan, by its digest */
  constructor(private readonly load: (pin: ProjectPin) => Promise<LoadedProject>) {}

  /** Of a step that runs files of a project; none for every other one. */
  async of(step: PlannedStep): Promise<Lines> {
    switch (step.kind) {
      case 'apply-migrations': {
        const { project, migrations } = step.params as unknown as ApplyMigrationsParams;
        const run = migrations.filter(({ action }) => action === 'run').map(idOf);
        const files = (await this.load(project)).migrations.filter(({ id }) => run.includes(id));
        return files.flatMap(({ up }) => this.textOf(up.path, up.text));
      }
      case 'revert-migration': {
        const { project, migration, script } = step.params as unknown as RevertMigrationParams;
        const { files, migrations } = await this.load(project);
        const down = migrations.find(({ id }) => id === idOf(migration))?.down;
        const path = script ?? down?.path;
        return path === undefined ? [] : this.textOf(path, files.get(path) ?? '');
      }
      default:
        return [];
    }
  }

  private textOf(path: string, whole: string): Lines {
    if (this.told.has(path)) return [];
    this.told.add(path);
    const text = whole.trimEnd().slice(0, Math.min(LONGEST_SCRIPT, Math.max(this.left, 0)));
    this.left -= text.length;
    const rest = whole.trimEnd().length - text.length;
    const cut = rest === 0 ? '' : `\n… ${String(rest)} more characters in the file`;
    return [{ tool: 'file', at: path, text: `${text}${cut}` }];
  }
}
