import { clearLine, cursorTo, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';
import { isAtRest, type MigrationView, type StepView, type StepViewStatus } from '#shared/contracts/answers.js';
import { seconds, utc } from './amounts.js';
import { marksOf, paint, type Marks, type Screen, type Style } from './screen.js';

/** A migration as far as its steps are shown: what it ends with differs by kind. */
export type ShownMigration = Omit<MigrationView, 'result'>;

/** Draws the steps of a migration from what the planner answers; never anything but its own lines. */
export interface StepsView {
  draw(migration: ShownMigration, now: number): void;
  /** A line between: what is drawn next stands below it. */
  tell(text: string, now: number): void;
}

type Look = Pick<Screen, 'unicode' | 'accessible'> & { readonly colour: boolean };

/** A terminal gets a list that is redrawn; everything else a line for each change and no colour. */
export function stepsView(stream: NodeJS.WritableStream, screen: Screen): StepsView {
  const look: Look = { unicode: screen.unicode, accessible: screen.accessible, colour: screen.colour.err };
  if (screen.progress === 'tty') return new RedrawnSteps(stream as WriteStream, look);
  return screen.progress === 'plain' ? new PlainSteps(stream, look) : { draw: () => undefined, tell: () => undefined };
}

class RedrawnSteps implements StepsView {
  private drawn = 0;

  constructor(
    private readonly stream: WriteStream,
    private readonly look: Look,
  ) {}

  draw(migration: ShownMigration, now: number): void {
    const lines = this.fitting(migration, now);
    moveCursor(this.stream, 0, -this.drawn);
    for (const line of lines) {
      cursorTo(this.stream, 0);
      clearLine(this.stream, 0);
      this.stream.write(`${line}\n`);
    }
    this.drawn = lines.length;
  }

  tell(text: string): void {
    this.stream.write(`${text}\n`);
    this.drawn = 0;
  }

  /** What would scroll out of the terminal could not be redrawn: finished and waiting steps give way, with their number. */
  private fitting(migration: ShownMigration, now: number): string[] {
    const all = migration.steps.map((step, index) => ({ step, index }));
    const room = Math.max(5, (this.stream.rows || 24) - 4);
    let [first, last] = [0, all.length];
    const quiet = (at: number) => QUIET.has(all[at]?.step.status ?? 'running');
    while (last - first > room && quiet(first)) first += 1;
    while (last - first > room && quiet(last - 1)) last -= 1;
    const lines = all.slice(first, last).map(({ step, index }) => this.line(step, index, migration, now));
    const { more } = marksOf(this.look);
    if (first > 0) lines.unshift(`   ${more} ${String(first)} before`);
    if (last < all.length) lines.push(`   ${more} ${String(all.length - last)} after`);
    // A list that once was longer must not leave its last lines behind.
    const summary = this.cut(summaryLine(migration));
    const blanks = Math.max(0, this.drawn - lines.length - 1);
    return [...lines, summary, ...Array.from({ length: blanks }, () => '')];
  }

  private line(step: StepView, index: number, { steps }: ShownMigration, now: number): string {
    const style = STYLES[step.status];
    const line = this.cut(stepLine(step, { index, total: steps.length, now, look: this.look }));
    return style === undefined ? line : paint(this.look.colour, style, line);
  }

  private cut(line: string): string {
    return line.slice(0, Math.max(40, (this.stream.columns || 80) - 1));
  }
}

class PlainSteps implements StepsView {
  private readonly said = new Map<string, string>();
  private saidStatus = '';
  private lastSaid = 0;

  constructor(
    private readonly stream: NodeJS.WritableStream,
    private readonly look: Look,
  ) {}

  draw(migration: ShownMigration, now: number): void {
    const total = migration.steps.length;
    migration.steps.forEach((step, index) => {
      if (ON_THEIR_WAY.has(step.status) || this.said.get(step.id) === step.status) return;
      this.said.set(step.id, step.status);
      this.say(stepLine(step, { index, total, now, look: this.look }), now);
    });
    // Long silence makes people and build servers think that it hangs.
    const isSilent = now - this.lastSaid >= HEARTBEAT_MS && !isAtRest(migration.status);
    if (migration.status !== this.saidStatus || isSilent) this.say(heartbeat(migration, now), now);
    this.saidStatus = migration.status;
  }

  tell(text: string, now: number): void {
    this.say(text, now);
  }

  private say(line: string, now: number): void {
    this.lastSaid = now;
    this.stream.write(`${line}\n`);
  }
}

const HEARTBEAT_MS = 30_000;
/** Nothing to tell yet. */
const ON_THEIR_WAY: ReadonlySet<string> = new Set(['waiting', 'commanded', 'accepted']);
const QUIET: ReadonlySet<string> = new Set(['waiting', 'commanded', 'accepted', 'succeeded', 'undone']);

const STYLES: Partial<Record<StepViewStatus, Style>> = {
  succeeded: 'good',
  running: 'active',
  retrying: 'active',
  undoing: 'active',
  failed: 'bad',
  'undo-failed': 'bad',
  'needs-decision': 'act',
  undone: 'strong',
};

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

function stepLine(step: StepView, { index, total, now, look }: Place): string {
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
function heartbeat(migration: ShownMigration, now: number): string {
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
  const started = migration.steps.find((step) => step.id === 'start-service');
  const isUp = started?.status === 'succeeded' || isAtRest(migration.status);
  return `, application ${isUp ? 'was down' : 'down'} for ${seconds(migration.downtimeMs)}`;
}
