import { clearLine, cursorTo, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { hasEnded, type MigrationBody, type StepBody } from './migration-body.js';

/** Draws the steps of a migration from what the planner answers; never anything but its own lines. */
export interface StepsView {
  draw(body: MigrationBody, now: number): void;
}

const MARKS: Readonly<Record<string, string>> = { succeeded: '✓', running: '▸', failed: '✗', undone: '↶' };
const COLOURS = { succeeded: 'green', running: 'cyan', failed: 'red', undone: 'yellow' } as const;

/** A terminal gets a list that is redrawn; everything else a line for each change and no colour. */
export function stepsView(stream: NodeJS.WritableStream): StepsView {
  const terminal = stream as Partial<WriteStream>;
  const interactive =
    terminal.isTTY === true && !process.env['CI'] && process.env['TERM'] !== 'dumb' && !process.env['ACCESSIBLE'];
  return interactive ? new RedrawnSteps(stream as WriteStream) : new PlainSteps(stream);
}

class RedrawnSteps implements StepsView {
  private drawn = 0;

  constructor(private readonly stream: WriteStream) {}

  draw(body: MigrationBody, now: number): void {
    if (body.steps.length === 0) return;
    const lines = [
      ...body.steps.map((step, index) => this.coloured(step, stepLine(step, index, body.steps.length, now))),
      summaryLine(body),
    ];
    moveCursor(this.stream, 0, -this.drawn);
    for (const line of lines) {
      cursorTo(this.stream, 0);
      clearLine(this.stream, 0);
      this.stream.write(`${line}\n`);
    }
    this.drawn = lines.length;
  }

  private coloured(step: StepBody, line: string): string {
    const cut = line.slice(0, Math.max(40, (this.stream.columns || 80) - 1));
    const colour = COLOURS[step.status as keyof typeof COLOURS];
    return step.status in COLOURS && !process.env['NO_COLOR'] ? styleText(colour, cut) : cut;
  }
}

class PlainSteps implements StepsView {
  private readonly said = new Map<string, string>();
  private lastSaid = 0;

  constructor(private readonly stream: NodeJS.WritableStream) {}

  draw(body: MigrationBody, now: number): void {
    body.steps.forEach((step, index) => {
      if (NOT_YET.has(step.status) || this.said.get(step.id) === step.status) return;
      this.said.set(step.id, step.status);
      this.say(stepLine(step, index, body.steps.length, now), now);
    });
    if (this.lastSaid === 0) this.lastSaid = now;
    // Long silence makes people and build servers think that it hangs.
    if (now - this.lastSaid > HEARTBEAT_MS && !hasEnded(body)) this.say(summaryLine(body), now);
  }

  private say(line: string, now: number): void {
    this.lastSaid = now;
    this.stream.write(`${line}\n`);
  }
}

const HEARTBEAT_MS = 30_000;
/** On their way: nothing to tell yet. */
const NOT_YET: ReadonlySet<string> = new Set(['waiting', 'commanded', 'accepted']);

function stepLine(step: StepBody, index: number, total: number, now: number): string {
  const mark = MARKS[step.status] ?? '·';
  const count = `${String(index + 1).padStart(2)}/${String(total)}`;
  const name = step.id.padEnd(18);
  const parts = [
    ` ${mark} ${count} ${name}`,
    durationText(step, now).padStart(8),
    step.title,
    progressText(step),
    attemptText(step),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function progressText(step: StepBody): string {
  if (step.status !== 'running' || !step.progress || step.progress.total === 0) return '';
  const { done, total, unit } = step.progress;
  // Only verification may say that everything is there.
  const percent = Math.min(99, Math.floor((100 * done) / total));
  return `${String(done)}/${String(total)} ${unit}  ~${String(percent)}%`;
}

function durationText(step: StepBody, now: number): string {
  if (!step.startedAt) return '';
  const end = step.finishedAt ? Date.parse(step.finishedAt) : now;
  return seconds(Math.max(0, end - Date.parse(step.startedAt)));
}

function attemptText(step: StepBody): string {
  return step.attempt > 1 ? `attempt ${String(step.attempt)}` : '';
}

function summaryLine(body: MigrationBody): string {
  const done = body.steps.filter((step) => step.status === 'succeeded').length;
  const active = body.steps.filter((step) => step.status === 'running').length;
  const waiting = body.steps.length - done - active;
  return `   ${body.status}: ${String(done)} done, ${String(active)} active, ${String(waiting)} waiting${downText(body)}`;
}

function downText(body: MigrationBody): string {
  if (body.downtimeMs === 0) return '';
  const started = body.steps.find((step) => step.id === 'start-service');
  return ` · application ${started?.status === 'succeeded' || hasEnded(body) ? 'was down' : 'down'} for ${seconds(body.downtimeMs)}`;
}

/** `940 ms`, `2.1 s`, `1 min 4 s`. */
export function seconds(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${String(Math.floor(ms / 60_000))} min ${String(Math.round((ms % 60_000) / 1000))} s`;
}
