import type { FieldProblem } from '#shared/contracts/problem.js';
import { unpackProject } from '#shared/projects/bundle/archive.js';
import { lintProject, refusingFindings } from '#shared/projects/lint-project.js';
import { loadProject, type LoadedProject } from '#shared/projects/load-project.js';
import type { LintFinding, ProjectProblem } from '#shared/projects/migration-file.js';
import { RequestRefused } from '../http/request-refused.js';

/** More than anybody mends at once; the sentence says how many there are. */
const MAX_PROBLEMS = 200;

/**
 * The project in an archive that somebody pushed.
 *
 * @throws RequestRefused PROJECT_INVALID with every problem by file and line.
 */
export async function readPushed(name: string, archive: Uint8Array): Promise<LoadedProject> {
  const unpacked = await unpackProject(archive);
  if (!unpacked.ok) throw invalidProject(name, unpacked.problems.map(problemOf));
  const outcome = await loadProject(unpacked.files);
  if (!outcome.ok) throw invalidProject(name, outcome.problems.map(problemOf));
  const { project } = outcome;
  if (project.definition.name !== name)
    throw invalidProject(name, [
      {
        pointer: 'project.yaml',
        message: `names the project ${project.definition.name}, not ${name} as the address does`,
      },
    ]);
  const refusing = refusingFindings(project, lintProject(project));
  if (refusing.length > 0) throw invalidProject(name, refusing.map(findingProblem));
  return project;
}

function problemOf({ path, line, message }: ProjectProblem): FieldProblem {
  return { pointer: line === undefined ? path : `${path}:${String(line)}`, message };
}

function findingProblem({ path, line, rule, reason, safeWay }: LintFinding): FieldProblem {
  return { pointer: `${path}:${String(line)}`, message: `${rule}: ${reason}; ${safeWay}` };
}

function invalidProject(name: string, problems: readonly FieldProblem[]): RequestRefused {
  const [first] = problems;
  const more = problems.length > 1 ? `; and ${String(problems.length - 1)} more, see errors` : '';
  const what = first === undefined ? '' : `: ${first.pointer}: ${first.message}${more}`;
  return new RequestRefused('PROJECT_INVALID', `project ${name} is not usable as it is${what}`, {
    errors: problems.slice(0, MAX_PROBLEMS),
  });
}
