import type { PlanAnswer } from '#shared/contracts/answers.js';
import { seconds } from './amounts.js';
import { bare } from './migration-text.js';
import { block } from './outcome-text.js';
import { isRehearsal, keepsItsEffect } from './plan-risk.js';
import { marksOf, paint, type Screen, type Style } from './screen.js';
import { tableText } from './table.js';

export type PlanFormat = 'table' | 'tree';

/** What a plan's text needs of it; a migration that waits for approval has the same but the exact texts. */
export type ShownPlan = Pick<
  PlanAnswer,
  'title' | 'plan' | 'planHash' | 'checks' | 'warnings' | 'reasons' | 'status'
> & {
  readonly planId: string;
  readonly steps: readonly ShownStep[];
};
type ShownStep = Omit<PlanAnswer['steps'][number], 'lines'> & Partial<Pick<PlanAnswer['steps'][number], 'lines'>>;

export interface PlanLook {
  readonly screen: Screen;
  readonly verbose: boolean;
  readonly format: PlanFormat;
  readonly dryRun: boolean;
}

/** A plan as people read it: what happens in order, then risk, way back and totals. */
export function planText(plan: ShownPlan, look: PlanLook): string {
  if (plan.planHash === null) return refusedText(plan, look);
  const told = look.dryRun ? '   DRY RUN, nothing was changed' : '';
  return [
    `${paint(look.screen.colour.out, 'strong', `Plan for ${plan.title}`)}${told}`,
    '',
    plan.steps.length === 0 ? 'Nothing is to be done.' : stepsText(plan, look),
    '',
    ...block(totals(plan)),
    ...(look.verbose && look.format === 'table' ? ['', ...exactTexts(plan)] : []),
    '',
    `Hash  sha256:${bare(plan.planHash)}`,
    ...(look.dryRun ? [nextText(plan, look)] : []),
  ].join('\n');
}

function nextText(plan: ShownPlan, { screen: { again }, verbose }: PlanLook): string {
  const more = verbose ? '' : `; rehome plan --id ${plan.planId} -v${again} shows every statement`;
  return `Next:  ${submitLine(plan)}${again}   with the same arguments${more}`;
}

/** Projects have commands of their own; what they typed is theirs to type again. */
function submitLine({ plan }: ShownPlan): string {
  const kind = plan?.kind ?? '';
  return ['apply', 'revert'].includes(kind) ? `rehome ${kind} …` : 'rehome submit …';
}

function stepsText(plan: ShownPlan, look: PlanLook): string {
  return look.format === 'tree' ? treeText(plan, look) : stepTable(plan, look);
}

function refusedText(plan: ShownPlan, { screen }: PlanLook): string {
  const failed = plan.checks.filter(({ passed }) => !passed);
  return [
    paint(screen.colour.out, 'bad', `${marksOf(screen).failed} ${plan.title}: ${plan.status}`),
    ...block([
      ['Data', 'nothing was changed'],
      ...plan.reasons.map(({ code, detail }): [string, string] => ['Why', `${detail}   [${code}]`]),
      ...failed.map(({ name, severity, found, remedy }): [string, string] => [
        severity === 'error' ? 'Check' : 'Warning',
        `${name}: ${found}${remedy === undefined ? '' : `\n${remedy}`}`,
      ]),
      ['Fix', 'do what the failed checks say, then ask again'],
    ]),
    `Next:  rehome report ${plan.planId}${screen.again}`,
  ].join('\n');
}

/** Every symbol has its word beside it. */
const SYMBOLS: Readonly<Record<string, readonly [string, Style]>> = {
  create: ['+', 'good'],
  provision: ['+', 'good'],
  publish: ['+', 'good'],
  stop: ['!', 'act'],
  start: ['!', 'act'],
  fence: ['!', 'act'],
  dump: ['>', 'active'],
  restore: ['>', 'active'],
  copy: ['>', 'active'],
  backup: ['>', 'active'],
  edit: ['~', 'strong'],
  set: ['~', 'strong'],
  resize: ['~', 'strong'],
  apply: ['~', 'strong'],
  revert: ['~', 'strong'],
  swap: ['!', 'act'],
  run: ['!', 'act'],
  back: ['>', 'active'],
  rename: ['~', 'strong'],
  retire: ['~', 'strong'],
  drop: ['-', 'bad'],
  delete: ['-', 'bad'],
};

function symbolOf({ kind }: ShownStep): readonly [string, Style] {
  return SYMBOLS[verbOf(kind)] ?? ['=', 'quiet'];
}

function verbOf(kind: string): string {
  return kind.split('-', 1)[0] ?? kind;
}

/** `stop service odoo-acme` beside the verb `stop`: said once. */
function objectOf({ kind, title }: ShownStep): string {
  const verb = `${verbOf(kind)} `;
  return title.startsWith(verb) ? title.slice(verb.length) : title;
}

function stepTable({ steps, plan }: ShownPlan, { screen }: PlanLook): string {
  return tableText(
    steps,
    [
      {
        title: '',
        rank: 0,
        cell: (step) => symbolOf(step)[0],
        paint: (text, step) => paint(screen.colour.out, symbolOf(step)[1], text),
      },
      { title: 'DO', rank: 0, cell: ({ kind }) => verbOf(kind) },
      { title: 'WHAT', rank: 0, cell: objectOf },
      { title: 'NOTE', rank: 1, orBelow: true, cell: (step) => noteOf(step, steps, plan?.maxDowntimeMs) },
      { title: 'STEP', rank: 2, cell: ({ id }) => id },
      { title: 'PHASE', rank: 3, cell: ({ phase }) => phase },
    ],
    screen.width,
  );
}

function noteOf(step: ShownStep, steps: readonly ShownStep[], maxDowntimeMs: number | undefined): string {
  const down = steps.filter((one) => one.down);
  const notes = [
    ...(down[0] === step
      ? [`downtime begins${maxDowntimeMs === undefined ? '' : `, limit ${seconds(maxDowntimeMs)}`}`]
      : []),
    ...(down.at(-1) === step ? ['downtime ends'] : []),
    ...(step.pointOfNoReturn === 'passed' ? ['after it no way back'] : []),
    ...(step.pointOfNoReturn === 'commanded' ? ['cannot be cancelled from here'] : []),
  ];
  return notes.join('; ');
}

function treeText({ steps, plan }: ShownPlan, { screen, verbose }: PlanLook): string {
  const [branch, last, line] = screen.unicode && !screen.accessible ? ['├─', '└─', '│ '] : ['|-', '`-', '| '];
  const phases = [...new Set(steps.map(({ phase }) => phase))];
  return phases
    .flatMap((phase) => {
      const within = steps.filter((step) => step.phase === phase);
      return [
        paint(screen.colour.out, 'strong', phase),
        ...within.flatMap((step, at) => {
          const isLast = at === within.length - 1;
          const [symbol, style] = symbolOf(step);
          const note = noteOf(step, steps, plan?.maxDowntimeMs);
          const text = `${paint(screen.colour.out, style, symbol)} ${step.title}${note === '' ? '' : `   (${note})`}`;
          const below = verbose ? textsOf(step).map((told) => `${isLast ? '  ' : line}     ${told}`) : [];
          return [`${isLast ? last : branch} ${text}`, ...below];
        }),
      ];
    })
    .join('\n');
}

function exactTexts({ steps }: ShownPlan): string[] {
  return steps.flatMap((step, at) => {
    const texts = textsOf(step);
    return texts.length === 0 ? [] : [`${String(at + 1)}. ${step.id}`, ...texts.map((text) => `   ${text}`)];
  });
}

function textsOf({ lines = [] }: ShownStep): string[] {
  return lines.flatMap(({ tool, at, text }) =>
    text.split('\n').map((part, n) => (n === 0 ? `${tool} @ ${at}: ${part}` : `    ${part}`)),
  );
}

function totals(plan: ShownPlan): [string, string][] {
  const { steps, warnings, checks } = plan;
  const failed = checks.filter(({ passed }) => !passed);
  return [
    ['Steps', String(steps.length)],
    ['Down', downText(plan)],
    ['Back', wayBack(plan)],
    ['Checks', `${String(checks.length - failed.length)} passed, ${String(failed.length)} not`],
    ...failed.map(({ name, found, remedy }): [string, string] => [
      '',
      `${name}: ${found}${remedy === undefined ? '' : `; ${remedy}`}`,
    ]),
    ...warnings.map((warning): [string, string] => ['Warning', warning]),
  ];
}

/** How long it will take nobody knows before it was tried. */
function downText({ steps, plan }: ShownPlan): string {
  const down = steps.filter((step) => step.down);
  const [first] = down;
  if (first === undefined) return 'never, the application keeps running';
  const limit = plan?.maxDowntimeMs;
  return [
    `from "${first.title}" to "${down.at(-1)?.title ?? ''}", during ${String(down.length)} of the steps`,
    limit === undefined ? 'without a limit' : `limit ${seconds(limit)}, then it is taken back`,
    'how long, --rehearse measures',
  ].join('; ');
}

function wayBack({ steps, plan }: ShownPlan): string {
  if (plan !== null && isRehearsal(plan)) return 'nothing that is used is changed, the copies are dropped at the end';
  const last = steps.find((step) => step.pointOfNoReturn === 'passed');
  if (last !== undefined) return `until "${last.title}" has succeeded everything can be taken back`;
  const keeping = steps.find(keepsItsEffect);
  if (keeping === undefined) return 'possible at every step';
  return `until "${keeping.title}" begins; what is committed from there on stands, only a revert or a backup takes it back`;
}
