import type { MigrationReport } from '#shared/contracts/report.js';
import { html, Html } from './html.js';
import {
  headFacts,
  instant,
  ledgerFacts,
  resultParts,
  stepDuration,
  type Fact,
  type ResultPart,
} from './report-facts.js';
import { REPORT_STYLE } from './report-style.js';

/** The report as one page that needs nothing else: no script, no picture, no address. */
export function reportHtml(report: MigrationReport): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${report.title}: ${report.status}</title>
        <style>
          ${new Html(REPORT_STYLE)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${report.title}</h1>
            <p class="status ${feelingOf(report.status)}">${report.status}</p>
          </header>
          ${factList(headFacts(report))}
          ${section(
            'Why',
            report.reasons.map(({ code, detail }) => html`<p class="why"><strong>${code}</strong> ${detail}</p>`),
          )}
          ${section(
            'Left behind',
            report.leftovers.map(({ stepId, failure }) => html`<p><strong>${stepId}</strong> ${failure.detail}</p>`),
          )}
          ${section(
            'Warnings',
            report.warnings.map((warning) => html`<p>${warning}</p>`),
          )}
          ${stepSection(report)} ${checkSection(report)}
          ${section('Result', resultParts(report.result).map(resultPart))} ${entrySection(report)}
          ${section('Ledger', [factList(ledgerFacts(report))])}
        </main>
      </body>
    </html> `.text;
}

function section(title: string, content: readonly Html[]): Html {
  if (content.length === 0) return html``;
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

function factList(facts: readonly Fact[]): Html {
  return html`<dl>
    ${facts.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function resultPart({ title, facts, checklist }: ResultPart): Html {
  const items = checklist.map(
    ({ passed, item, evidence }) =>
      html`<li class="${passed ? 'good' : 'bad'}">
        <span class="state">${passed ? 'passed' : 'not passed'}</span> ${item}<small>${evidence}</small>
      </li>`,
  );
  return html`<h3>${title}</h3>
    ${
      items.length === 0
        ? ''
        : html`<ul>
            ${items}
          </ul>`
    }${factList(facts)}`;
}

function stepSection(report: MigrationReport): Html {
  const span = spanOf(report);
  const rows = report.steps.map(
    (step, at) =>
      html`<tr class="${feelingOf(step.status)}">
        <td class="number">${at + 1}</td>
        <th scope="row">${step.id}</th>
        <td class="state">${step.status}${step.attempt > 1 ? `, attempt ${String(step.attempt)}` : ''}</td>
        <td class="number">${stepDuration(step)}</td>
        <td>
          ${step.title}${step.error === null ? '' : `: ${step.error.detail}`}${step.down ? html` <span class="down">application down</span>` : ''}
        </td>
        <td class="lane" aria-hidden="true">${bar(step, span)}</td>
      </tr>`,
  );
  if (rows.length === 0) return html``;
  return section('Steps', [
    html`<div class="wide">
      <table>
        <caption>
          In the order of the plan; bars show when each one ran
        </caption>
        <thead>
          <tr>
            <th scope="col">#</th>
            <th scope="col">Step</th>
            <th scope="col">Status</th>
            <th scope="col">Time</th>
            <th scope="col">What</th>
            <th aria-hidden="true"></th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`,
  ]);
}

interface Span {
  readonly from: number;
  readonly lengthMs: number;
}

/** From the first start to the last end of any step. */
function spanOf({ steps }: MigrationReport): Span {
  const starts = steps.flatMap(({ startedAt }) => (startedAt === null ? [] : [Date.parse(startedAt)]));
  const ends = steps.flatMap(({ finishedAt }) => (finishedAt === null ? [] : [Date.parse(finishedAt)]));
  const from = Math.min(...starts);
  return { from, lengthMs: Math.max(1, Math.max(...ends) - from) };
}

function bar({ startedAt, finishedAt, down }: MigrationReport['steps'][number], { from, lengthMs }: Span): Html {
  if (startedAt === null || finishedAt === null) return html``;
  const left = (100 * (Date.parse(startedAt) - from)) / lengthMs;
  const width = (100 * (Date.parse(finishedAt) - Date.parse(startedAt))) / lengthMs;
  return html`<i
    class="${down ? 'bar stopped' : 'bar'}"
    style="left:${left.toFixed(2)}%;width:${Math.max(0.6, width).toFixed(2)}%"
  ></i>`;
}

function checkSection({ checks }: MigrationReport): Html {
  const rows = checks.map(
    ({ name, passed, found, remedy }) =>
      html`<tr class="${passed ? 'good' : 'bad'}">
        <th scope="row">${name}</th>
        <td class="state">${passed ? 'passed' : 'not passed'}</td>
        <td>${found}${remedy === undefined || passed ? '' : `; ${remedy}`}</td>
      </tr>`,
  );
  if (rows.length === 0) return html``;
  return section('Checks', [
    html`<div class="wide">
      <table>
        <caption>
          Judged before the plan
        </caption>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">Outcome</th>
            <th scope="col">Found</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`,
  ]);
}

function entrySection({ entries }: MigrationReport): Html {
  const rows = entries.map(
    ({ position, at, type, text, actor, failure }) =>
      html`<tr class="${failure === null ? '' : 'bad'}">
        <td class="number">${position}</td>
        <td class="when">${instant(at)}</td>
        <th scope="row">${type}</th>
        <td>${text}</td>
        <td>${actor}</td>
      </tr>`,
  );
  return section('What happened', [
    html`<div class="wide">
      <table>
        <caption>
          Every event of the ledger about it, in order
        </caption>
        <thead>
          <tr>
            <th scope="col">Position</th>
            <th scope="col">When</th>
            <th scope="col">Event</th>
            <th scope="col">What</th>
            <th scope="col">Who</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`,
  ]);
}

const BAD = ['refused', 'rolled-back', 'cancelled', 'halted', 'failed', 'undo-failed', 'needs-decision'];
const GOOD = ['completed', 'succeeded'];

function feelingOf(status: string): 'good' | 'bad' | 'open' {
  if (GOOD.includes(status)) return 'good';
  return BAD.includes(status) ? 'bad' : 'open';
}
