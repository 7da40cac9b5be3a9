import { isAbsolute } from 'node:path';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { InspectProjectResult } from '#shared/contracts/steps/project-steps.js';
import { judge, listed } from '../../../postgres/inspection/check.js';
import { checkDiskSpace } from '../../../postgres/inspection/disk-space.js';
import type { StepTools } from '../../../running/step-tools.js';
import { checkPlace } from '../../inspection/inspect-move.step.js';
import type { DatabaseLook } from './look-at-database.js';

/** Programs that this executor may not run would fail in the middle. */
export function checkCommands({ services }: StepTools, commands: InspectProjectResult['commands']): PreflightCheck[] {
  if (commands.length === 0) return [];
  const { allowedCommands } = services.command;
  const refused = commands
    .map(({ argv }) => argv[0] ?? '')
    .filter((program) => !isAbsolute(program) || !allowedCommands.includes(program));
  const found = `this executor may not run ${listed([...new Set(refused)])}`;
  const remedy = 'name the absolute path in REHOME_ALLOWED_PROGRAMS of the executor and in project.yaml';
  const fine = listed(commands.map(({ name }) => name));
  return [judge('commands', 'error', fine, refused.length === 0 ? undefined : { found, remedy })];
}

/** Tools that fit each server, and room for all backups together. */
export async function checkPlaces(
  tools: StepTools,
  looks: readonly Pick<DatabaseLook, 'facts' | 'selected'>[],
): Promise<PreflightCheck[]> {
  const checks: PreflightCheck[] = [];
  let bytes = 0n;
  for (const { facts, selected } of looks) {
    const place = await checkPlace({ tools }, facts);
    // The room is judged once, for all of them.
    const fitting = place.checks.filter(({ name }) => name !== 'disk-headroom');
    checks.push(...fitting.map((check) => ({ ...check, found: `${selected.alias}: ${check.found}` })));
    bytes += BigInt(facts.sizeBytes);
  }
  return looks.length === 0 ? [] : [...checks, await checkDiskSpace(tools.workRoot, String(bytes))];
}
