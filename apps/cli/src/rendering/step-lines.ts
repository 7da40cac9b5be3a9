import { isAtRest, type MigrationView, type StepView, type StepViewStatus } from '#shared/contracts/answers.js';
import { seconds, utc } from './amounts.js';
import { marksOf, type Marks, type Screen } from './screen.js';

/** A migration as far as its steps are shown: what it ends with differs by kind. */
export type ShownMigration = Omit<MigrationView, 'result'>;

/** How lines may look. */
export type Look = Pick<Screen, 'unicode' | 'accessible'> & { readonly colour: boolean };

export function markOf(status: StepViewStatus, marks: Marks): string {
  switch (status) {
    case 'succeeded':
      return marks.done;
    case 'running':
    case 'retrying':
    case 'undoing':
      return marks.active;
    case 'failed':
    case 'undo-failed':
    case 'needs-decision':
      return marks.failed;
    case 'undone':
      return marks.undone;
    case 'waiting':
    case 'commanded':
    case 'accepted':
    case 'cancelled':
      return marks.waiting;
  }
}

interface Place {
  readonly index: number;
  readonly total: number;
  readonly now: number;
  readonly look: Look;
}

/** One step as it stands now. */
export function stepLine(step: StepView, { index, total, now, look }: Place): string {
  const mark = markOf(step.status, marksOf(look));
  const count = `${String(index + 1).padStart(2)}/${String(total)}`;
  const parts = [
    ` ${mark} ${count} ${step.id.padEnd(18)}`,
    stepDuration(step, now).padStart(8),
    // What is cut at the right of a narrow terminal is the title.
    progressText(step, look),
    step.title,
    SAID_STATUS.has(step.status) ? step.status : '',
    step.attempt > 1 ? `attempt ${String(step.attempt)}` : '',
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** States that their mark alone does not tell. */
const SAID_STATUS: ReadonlySet<string> = new Set(['retrying', 'undoing', 'undo-failed', 'needs-decision', 'cancelled']);

function progressText(step: StepView, look: Look): string {
  const percent = percentOf(step);
  if (percent === undefined) return '';
  return look.accessible ? amountText(step) : `${bar(percent, look.unicode)} ${amountText(step)}`;
}

/** `13/21 tables  ~61%`; empty when nobody knows. */
function amountText(step: StepView): string {
  const percent = percentOf(step);
  if (percent === undefined || !step.progress) return '';
  const { done, total, unit } = step.progress;
  return `${String(done)}/${String(total)} ${unit}  ~${String(percent)}%`;
}

/** Only verification may say that everything is there. */
function percentOf({ status, progress }: StepView): number | undefined {
  if (status !== 'running' || !progress || progress.total === 0) return undefined;
  return Math.min(99, Math.floor((100 * progress.done) / progress.total));
}

const BAR_WIDTH = 12;

function bar(percent: number, unicode: boolean): string {
  const full = Math.floor((percent * BAR_WIDTH) / 100);
  if (unicode) return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}]`;
}

export function stepDuration(step: StepView, now: number): string {
  if (!step.startedAt) return '';
  const end = step.finishedAt ? Date.parse(step.finishedAt) : now;
  return seconds(Math.max(0, end - Date.parse(step.startedAt)));
}

/** Where it stands at which time, and how far each step under way has come. */
export function heartbeat(migration: ShownMigration, now: number): string {
  const total = String(migration.steps.length);
  const under = migration.steps.flatMap((step, index) =>
    RUNNING.has(step.status)
      ? [[`${String(index + 1)}/${total} ${step.id}`, amountText(step)].filter((part) => part !== '').join(' ')]
      : [],
  );
  return [`   ${utc(new Date(now).toISOString())}  ${summaryLine(migration).trimStart()}`, ...under].join('; ');
}

const RUNNING: ReadonlySet<string> = new Set(['running', 'retrying', 'undoing']);
const ACTIVE: ReadonlySet<string> = new Set(['running', 'retrying', 'undoing', 'commanded', 'accepted']);
const STOPPED: ReadonlySet<string> = new Set(['failed', 'undo-failed', 'needs-decision', 'cancelled']);

/** State first; the numbers always add up to the steps there are. */
export function summaryLine(migration: ShownMigration): string {
  if (migration.steps.length === 0) return `   ${migration.status}: ${unplannedText(migration)}`;
  const count = (statuses: ReadonlySet<string>) => migration.steps.filter(({ status }) => statuses.has(status)).length;
  const counts: readonly (readonly [number, string])[] = [
    [count(new Set(['succeeded'])), 'done'],
    [count(ACTIVE), 'active'],
    [count(new Set(['waiting'])), 'waiting'],
    [count(STOPPED), 'stopped'],
    [count(new Set(['undone'])), 'undone'],
  ];
  const told = counts.filter(([number], index) => index < 3 || number > 0);
  const text = told.map(([number, name]) => `${String(number)} ${name}`).join(', ');
  return `   ${migration.status}: ${text}${downText(migration)}`;
}

/** Before there are steps. */
function unplannedText({ status, runAt }: ShownMigration): string {
  if (status === 'scheduled') return runAt === null ? 'waits for its turn' : `begins at ${utc(runAt)}`;
  return status === 'requested' || status === 'inspecting' ? 'its plan is being made' : 'no steps';
}

function downText(migration: ShownMigration): string {
  if (migration.downtimeMs === 0) return '';
  const down = migration.steps.filter((step) => step.down);
  const isUp = down.at(-1)?.status === 'succeeded' || down[0]?.status === 'undone' || isAtRest(migration.status);
  return `, application ${isUp ? 'was down' : 'down'} for ${seconds(migration.downtimeMs)}`;
}
