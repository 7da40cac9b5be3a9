import type { Recipe } from './recipe.js';
import { applyRecipe } from './recipes/apply.recipe.js';
import { backupRecipe } from './recipes/backup.recipe.js';
import { promoteBackupRecipe, verifyBackupRecipe } from './recipes/catalogued-backup.recipes.js';
import { cleanUpBackupsRecipe } from './recipes/clean-up-backups.recipe.js';
import { healthRecipe, validateRecipe } from './recipes/project-reading.recipes.js';
import { relocateRecipe } from './recipes/relocate.recipe.js';
import { retireRecipe } from './recipes/retire.recipe.js';
import { returnRecipe } from './recipes/return.recipe.js';
import { restoreRecipe } from './recipes/restore.recipe.js';
import { revertRecipe } from './recipes/revert.recipe.js';
import { upgradeRecipe } from './recipes/upgrade.recipe.js';

const RECIPES: readonly Recipe[] = [
  upgradeRecipe,
  relocateRecipe,
  returnRecipe,
  retireRecipe,
  backupRecipe,
  verifyBackupRecipe,
  promoteBackupRecipe,
  restoreRecipe,
  cleanUpBackupsRecipe,
  applyRecipe,
  revertRecipe,
  validateRecipe,
  healthRecipe,
];

/** Kinds of migration that can be planned, in the order they are shown. */
export const RECIPE_KINDS: readonly string[] = RECIPES.map((recipe) => recipe.kind);

/** The recipe of a kind, undefined when there is none. */
export function recipeOf(kind: string): Recipe | undefined {
  return RECIPES.find((recipe) => recipe.kind === kind);
}
