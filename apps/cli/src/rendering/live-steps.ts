import { clearLine, cursorTo, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';
import { isAtRest, type StepView, type StepViewStatus } from '#shared/contracts/answers.js';
import { marksOf, paint, type Screen, type Style } from './screen.js';
import { heartbeat, stepLine, summaryLine, type Look, type ShownMigration } from './step-lines.js';

/** Draws the steps of a migration from what the planner answers; never anything but its own lines. */
export interface StepsView {
  draw(migration: ShownMigration, now: number): void;
  /** A line between: what is drawn next stands below it. */
  tell(text: string, now: number): void;
}

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
