import { readLocatedMove } from '../located-move.js';
import type { Recipe } from '../recipe.js';
import { compileLocated, inspectLocated } from './located-move-plan.js';

const VERSION = 1;

/** One database to another server that the registry knows, also of a newer major version, also without a service. */
export const relocateRecipe: Recipe = {
  kind: 'relocate',
  version: VERSION,
  inspect: ({ registry }) => inspectLocated(readLocatedMove(registry)),
  compile: (request, facts) =>
    compileLocated(request, readLocatedMove(request.registry), facts, {
      kind: 'relocate',
      version: VERSION,
      label: 'pre_migration',
    }),
};
