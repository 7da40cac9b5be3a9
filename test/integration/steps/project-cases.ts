import type { PendingMigration } from '#shared/contracts/projects.js';
import type { MigratedDatabase } from '#shared/contracts/steps/project-steps.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { digestOf } from '#shared/projects/bundle/digest.js';
import type { ConformanceCase } from './conformance-case.js';
import type { ConformanceWorld } from './conformance-world.js';
import { movedProjectFiles } from './pushed-projects.js';

const NAME = { app: 'main', version: 'v001', name: 'initial' };

function pending(action: PendingMigration['action']): PendingMigration {
  return { ...NAME, action };
}

function projectOf(world: ConformanceWorld) {
  return { name: 'conformance', digest: digestOf(movedProjectFiles(world.movedDatabase)) };
}

function databaseOf({ movedDatabase, targetServer, role }: ConformanceWorld): MigratedDatabase {
  const address = { server: targetServer, database: movedDatabase };
  return { alias: 'main', address, schemas: ['public'], owner: role, settings: {} };
}

type ProjectKind = Extract<
  StepKind,
  | 'inspect-project'
  | 'apply-migrations'
  | 'prove-fakes'
  | 'prove-reverts'
  | 'run-command'
  | 'revert-migration'
  | 'swap-database'
>;

/** In the order of a project's life; the database is the one that a move made. */
export const PROJECT_CASES: { readonly [K in ProjectKind]: ConformanceCase<K> } = {
  'inspect-project': {
    kind: 'inspect-project',
    params: (world) => ({ project: projectOf(world), servers: [world.targetServer], backup: true }),
    diesAt: 'step.inspect-project.run.after',
  },
  'apply-migrations': {
    kind: 'apply-migrations',
    params: (world) => ({
      project: projectOf(world),
      database: databaseOf(world),
      migrations: [pending('run')],
      appliedBy: 'key:deploy',
    }),
    diesAt: 'step.apply-migrations.before-commit',
    leaves: 'what was applied',
  },
  'prove-fakes': {
    kind: 'prove-fakes',
    params: (world) => ({
      project: projectOf(world),
      database: databaseOf(world),
      migrations: [pending('fake')],
    }),
    diesAt: 'step.prove-fakes.built',
  },
  'prove-reverts': {
    kind: 'prove-reverts',
    params: (world) => ({ project: projectOf(world), database: databaseOf(world) }),
    diesAt: 'step.prove-reverts.tried',
  },
  'run-command': {
    kind: 'run-command',
    params: (world) => ({
      project: projectOf(world),
      name: 'nothing',
      database: databaseOf(world),
      argv: ['/bin/true'],
    }),
    diesAt: 'step.run-command.ended',
    leaves: 'what the program did',
  },
  'revert-migration': {
    kind: 'revert-migration',
    params: (world) => ({
      project: projectOf(world),
      database: databaseOf(world),
      migration: NAME,
      revertedBy: 'key:dba',
    }),
    diesAt: 'step.revert-migration.before-commit',
    leaves: 'what was taken back',
  },
  'swap-database': {
    kind: 'swap-database',
    params: (world, results) => ({
      address: databaseOf(world).address,
      workingName: results['restore-backup']?.workingName ?? 'none yet',
      project: projectOf(world),
      migration: NAME,
      schemas: ['public'],
      revertedBy: 'key:dba',
    }),
    diesAt: 'step.swap-database.aside',
    leaves: 'the books in the restored database, which the undo of its restore drops',
  },
};
