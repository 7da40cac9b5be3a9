import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import type { Plan, PlannedStep, StepDescription } from '#shared/contracts/plan.js';
import { asJsonObject, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Step } from '../../running/step.js';
import { typedParams } from '../params-shape.js';
import { ScriptLines } from './script-lines.js';
import { PLACEHOLDER_RESULTS } from './placeholder-results.js';

type DescribeOf = (kind: StepKind) => Step<StepKind>['describe'];

/**
 * Answers a dry run: what each step of the plan would say, to whom. Changes nothing.
 * @param describeOf the other steps' own descriptions, handed in because the registry holds this step as well
 */
export function describePlanWith(describeOf: DescribeOf): Step<'describe-plan'> {
  return {
    kind: 'describe-plan',
    readsOnly: true,
    probe: () => Promise.resolve({ state: 'not-started' }),
    async run({ params, tools }) {
      const scripts = new ScriptLines((pin) => tools.projects.load(pin));
      const steps: StepDescription[] = [];
      for (const described of describeSteps(params.plan, describeOf))
        steps.push(await withScripts(described, params.plan, scripts));
      return { steps };
    },
    verify({ params }, { steps }) {
      if (steps.length === params.plan.steps.length) return Promise.resolve();
      return Promise.reject(new RehomeError('INTERNAL', 'a step of the plan was not described'));
    },
    undo: () => Promise.resolve({}),
    describe: ({ plan }) => [{ tool: 'command', at: 'executor', text: `describe ${String(plan.steps.length)} steps` }],
  };
}

/** What the files of a project say stands behind the step's own words. */
async function withScripts(
  { stepId, lines }: StepDescription,
  { steps }: Plan,
  scripts: ScriptLines,
): Promise<StepDescription> {
  const step = steps.find(({ id }) => id === stepId);
  return { stepId, lines: step === undefined ? lines : [...lines, ...(await scripts.of(step))] };
}

function describeSteps({ steps }: Plan, describeOf: DescribeOf): StepDescription[] {
  const kinds = new Map(steps.map(({ id, kind }) => [id, kind]));
  return steps.map((step) => {
    const params = typedParams(withPlaceholders(step, (id) => kinds.get(id)));
    return { stepId: step.id, lines: describeOf(step.kind)(params) };
  });
}

/** The step's params with a placeholder wherever a value is known only later. */
function withPlaceholders(step: PlannedStep, kindOf: (id: PlannedStep['id']) => StepKind | undefined): JsonObject {
  return Object.entries(step.inputs).reduce<JsonObject>((params, [name, input]) => {
    const kind = kindOf(input.fromStep);
    const result = kind === undefined ? undefined : PLACEHOLDER_RESULTS[kind];
    const value = result === undefined ? undefined : at(asJsonObject(result), input.path.split('.'));
    return put(params, name.split('.'), value ?? `$${input.fromStep}.${input.path}`);
  }, step.params);
}

function at(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  const [member, ...rest] = path;
  if (member === undefined || member === '') return value;
  return at(isObject(value) ? value[member] : undefined, rest);
}

function put(params: JsonObject, path: readonly string[], value: JsonValue): JsonObject {
  const [member, ...rest] = path;
  if (member === undefined) return params;
  const inner = params[member];
  return { ...params, [member]: rest.length === 0 ? value : put(isObject(inner) ? inner : {}, rest, value) };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
