import { createHash } from 'node:crypto';
import type { JsonObject } from '#shared/contracts/json.js';
import type { Mismatch, VerifyCopyParams, VerifyCopyResult } from '#shared/contracts/steps/verification-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { compareStructures } from '../../postgres/catalogue/compare-structures.js';
import { fingerprint } from '../../postgres/catalogue/fingerprint.js';
import type { Structure } from '../../postgres/catalogue/structure.js';
import { compareContents } from '../../postgres/compare-contents.js';
import { contentDigest, largestTables, readContent, totalRows, type Content } from '../../postgres/hashing.js';
import { sessionName } from '../../postgres/session-name.js';
import type { Step, StepContext } from '../../running/step.js';
import { readBothStructures, withBothSides } from '../both-sides.js';
import { adminAddress, placeOf } from '../step-session.js';
import type { Contents } from './contents.js';
import { nameDifferences } from './name-differences.js';

type Context = StepContext<'verify-copy'>;

/** So many are told in the failure; the whole list is evidence. */
const TOLD = 50;

/** Proves that source and copy agree. Reads only, so that it may run as often as it likes. */
export const verifyCopy: Step<'verify-copy'> = {
  kind: 'verify-copy',
  readsOnly: true,

  // Whatever an earlier attempt found, only a whole reading of both sides proves anything.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const [structures, contents] = await Promise.all([
      withBothSides(context, readBothStructures),
      readContents(context),
    ]);
    const compared = compareContents(contents.source, contents.target);
    const mismatches = [...compareStructures(structures.source, structures.target), ...compared.mismatches];
    if (mismatches.length > 0) throw await disagreement(context, contents, mismatches);
    await keepTables(context, contents.target);
    const result = resultOf(structures.target, contents.target);
    await proveBackup(context, result);
    return result;
  },

  verify(_context, result) {
    if (result.mismatches === 0 && result.tables >= 0) return Promise.resolve();
    return Promise.reject(new RehomeError('VERIFICATION_FAILED', 'the result of the comparison holds mismatches'));
  },

  undo: () => Promise.resolve({}),

  describe({ source, server, workingName }) {
    const text = `select count(*), sum(hashtextextended(t::text, 0)) from each table t; sequences, large objects and the catalogue are read and compared`;
    return [
      { tool: 'sql', at: `${placeOf(source.server)}/${source.database}`, text },
      { tool: 'sql', at: `${placeOf(server)}/${workingName}`, text },
    ];
  },
};

/** The copy was restored from it and agrees with the source: there is no better proof of a backup. */
async function proveBackup({ params, run, tools }: Context, result: VerifyCopyResult): Promise<void> {
  if (params.backupId === undefined) return;
  const { tables, rows, contentDigest: content, structureDigest } = result;
  const proof = { tables, rows, contentDigest: content, structureDigest };
  await tools.backups.markVerified(params.backupId, { method: 'moved-copy', migrationId: run.migrationId, ...proof });
}

async function readContents(context: Context): Promise<Contents> {
  const { source, server, workingName, jobs } = context.params;
  const progress = { source: { done: 0, total: 0 }, target: { done: 0, total: 0 } };
  const read = async (side: keyof typeof progress) => {
    const address =
      side === 'source'
        ? await adminAddress(context, source.server, source.database)
        : await adminAddress(context, server, workingName);
    return readContent(address, {
      applicationName: sessionName(context.run),
      signal: context.signal,
      // Both sides are read at once and may be one machine.
      jobs: Math.max(1, Math.ceil(jobs / 2)),
      onProgress: ({ done, total }) => {
        progress[side] = { done, total };
        context.progress({
          done: progress.source.done + progress.target.done,
          total: progress.source.total + progress.target.total,
          unit: 'tables read',
        });
      },
    });
  };
  const [left, right] = await Promise.all([read('source'), read('target')]);
  return { source: left, target: right };
}

function resultOf(structure: Structure, content: Content): VerifyCopyResult {
  return {
    tables: [...content.tables.values()].filter(({ derived }) => !derived).length,
    rows: totalRows(content),
    sequences: content.sequences.size,
    largeObjects: Number(content.largeObjects.count),
    objects: structure.objects.size,
    mismatches: 0,
    contentDigest: contentDigest(content),
    structureDigest: createHash('sha256').update(fingerprint(structure)).digest('hex'),
    largest: largestTables(content),
  };
}

/** The result names only the largest. */
async function keepTables({ tools }: Context, content: Content): Promise<void> {
  await tools.evidence.put(Buffer.from(JSON.stringify([...content.tables.values()]), 'utf8'));
}

/** Names what differs, down to the rows where a primary key allows it. */
async function disagreement(
  context: Context,
  contents: Contents,
  mismatches: readonly Mismatch[],
): Promise<RehomeError> {
  const located = await nameDifferences(context, mismatches, contents);
  const evidence = await context.tools.evidence.put(Buffer.from(JSON.stringify(located), 'utf8'));
  const first = located
    .slice(0, 3)
    .map(({ object, aspect, source, target }) => `${object}: ${aspect} ${source} at the source, ${target} in the copy`);
  const more = located.length > first.length ? `; and ${String(located.length - first.length)} more` : '';
  const facts: JsonObject = {
    mismatches: located.slice(0, TOLD).map((mismatch) => ({ ...mismatch })),
    total: located.length,
    evidence,
  };
  return new RehomeError(
    'VERIFICATION_FAILED',
    `${placeName(context.params)}: ${first.join('; ')}${more}; find out what writes past the fence, then request again`,
    { facts },
  );
}

function placeName({ source, server, workingName }: VerifyCopyParams): string {
  return `${source.database} on ${source.server.name} and ${workingName} on ${server.name} disagree`;
}
