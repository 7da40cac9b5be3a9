import { randomUUID } from 'node:crypto';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ResultOf } from '#shared/contracts/steps/step-types.js';
import { EMPTY_PLAN } from '../../harness/empty-plan.js';
import type { ConformanceCase, Results } from './conformance-case.js';
import type { ConformanceWorld } from './conformance-world.js';
import { PROJECT_CASES } from './project-cases.js';

type Cases = { readonly [K in StepKind]: ConformanceCase<K> };

/** The result of an earlier step. @throws Error when the order of the cases is wrong. */
function of<K extends StepKind>(results: Results, kind: K): ResultOf<K> {
  const result = results[kind];
  if (result === undefined) throw new Error(`${kind} has not run yet`);
  return result;
}

function facts(results: Results) {
  const { database, tools } = of(results, 'inspect-move');
  if (database === undefined || tools === undefined) throw new Error('the inspection found nothing');
  return { database, tools };
}

function copyParams(world: ConformanceWorld, results: Results) {
  return {
    source: world.source,
    server: world.targetServer,
    workingName: of(results, 'create-database').workingName,
    role: world.role,
    sourceOwner: world.sample.owner,
  };
}

function restoredBackup(world: ConformanceWorld, results: Results) {
  const backupId = results['back-up-database']?.backupId ?? 'none yet';
  return { backupId, server: world.targetServer, role: world.role, jobs: 2 };
}

function connection(world: ConformanceWorld) {
  const { host, port } = world.targetServer;
  return { host, port, user: world.role, secretRef: 'env:REHOME_SECRET_APP', database: world.source.database };
}

function targetOf(world: ConformanceWorld) {
  return { server: world.targetServer, database: world.movedDatabase };
}

/** Every kind of step, in the order of a move. A new kind does not compile without a case. */
export const CASES: Cases = {
  'inspect-move': {
    kind: 'inspect-move',
    params: ({ source, sample, service }) => ({ source, owner: sample.owner, service }),
    diesAt: 'step.inspect-move.run.after',
  },
  'inspect-retired': {
    kind: 'inspect-retired',
    params: ({ source, migrationId }) => ({ retired: source, migrationId, backupId: randomUUID(), backupOf: [] }),
    diesAt: 'step.inspect-retired.run.after',
  },
  'describe-plan': {
    kind: 'describe-plan',
    params: () => ({ plan: EMPTY_PLAN }),
    diesAt: 'step.describe-plan.run.after',
  },
  'provision-server': {
    kind: 'provision-server',
    params: () => ({ instanceId: 'a-tenant', knownServers: [] }),
    diesAt: 'step.provision-server.answered',
  },
  'preflight-target': {
    kind: 'preflight-target',
    params: (world, results) => ({
      target: targetOf(world),
      targetRole: world.role,
      facts: facts(results).database,
      tools: facts(results).tools,
    }),
    diesAt: 'step.preflight-target.run.after',
  },
  'capture-source': {
    kind: 'capture-source',
    params: ({ source }, results) => ({ source, fingerprint: facts(results).database.fingerprint }),
    diesAt: 'step.capture-source.run.after',
  },
  'create-database': {
    kind: 'create-database',
    params: (world, results) => ({
      ...facts(results).database,
      server: world.targetServer,
      database: targetOf(world).database,
      role: world.role,
      roleSecretRef: 'env:REHOME_SECRET_APP',
      sourceOwner: world.sample.owner,
    }),
    diesAt: 'step.create-database.created',
  },
  'stop-service': {
    kind: 'stop-service',
    params: ({ service }) => ({ service }),
    diesAt: 'step.stop-service.run.after',
  },
  'fence-source': {
    kind: 'fence-source',
    params: ({ source }, results) => ({
      source,
      captured: of(results, 'capture-source'),
      fingerprint: facts(results).database.fingerprint,
    }),
    diesAt: 'step.fence-source.run.after',
  },
  'dump-database': {
    kind: 'dump-database',
    params: ({ source }) => ({ source, label: 'pre_migration', jobs: 2 }),
    diesAt: 'step.dump-database.dumped',
  },
  'restore-database': {
    kind: 'restore-database',
    params: (world, results) => ({
      ...copyParams(world, results),
      backupId: of(results, 'dump-database').backupId,
      jobs: 2,
    }),
    diesAt: 'step.restore-database.restored',
  },
  'apply-privileges': {
    kind: 'apply-privileges',
    params: copyParams,
    diesAt: 'step.apply-privileges.run.after',
    undoneWith: 'create-database',
  },
  'copy-settings': {
    kind: 'copy-settings',
    params: (world, results) => ({ ...copyParams(world, results), captured: of(results, 'capture-source') }),
    diesAt: 'step.copy-settings.run.after',
  },
  'verify-copy': {
    kind: 'verify-copy',
    params: (world, results) => ({
      ...copyParams(world, results),
      jobs: 2,
      backupId: of(results, 'dump-database').backupId,
    }),
    diesAt: 'step.verify-copy.run.after',
  },
  'publish-database': {
    kind: 'publish-database',
    params: (world, results) => ({
      server: world.targetServer,
      workingName: of(results, 'create-database').workingName,
      database: targetOf(world).database,
    }),
    diesAt: 'step.publish-database.run.after',
  },
  'edit-config': {
    kind: 'edit-config',
    params: (world) => {
      const [file] = world.service.configFiles;
      if (file === undefined) throw new Error('the service has no file');
      return { file, connection: connection(world) };
    },
    diesAt: 'step.edit-config.run.after',
  },
  'write-secret-file': {
    kind: 'write-secret-file',
    params: ({ service }) => {
      if (service.secretFile === undefined) throw new Error('the service has no secret file');
      return { file: service.secretFile, secretRef: 'env:REHOME_SECRET_APP' };
    },
    diesAt: 'step.write-secret-file.captured',
  },
  'set-environment': {
    kind: 'set-environment',
    params: (world) => ({
      service: world.service,
      connection: connection(world),
      previous: { host: 'old-host', port: 5432, user: 'old', secretRef: 'env:REHOME_SECRET_APP', database: 'old' },
    }),
    diesAt: 'step.set-environment.run.after',
  },
  'resize-service': {
    kind: 'resize-service',
    params: ({ service }) => ({ service, resources: { cpu: 4, memory: '8Gi' }, previous: { cpu: 1, memory: '2Gi' } }),
    diesAt: 'step.resize-service.run.after',
  },
  'start-service': {
    kind: 'start-service',
    // Without a target: the undo of a start that belongs to a move leaves the target fenced, see start-service.int.spec.
    params: ({ service }) => ({ service }),
    diesAt: 'step.start-service.run.after',
  },
  'verify-connections': {
    kind: 'verify-connections',
    params: (world) => ({
      source: world.source,
      target: targetOf(world),
      role: world.role,
      service: world.service,
      stableForMs: 100,
    }),
    diesAt: 'step.verify-connections.run.after',
  },
  'retire-source': {
    kind: 'retire-source',
    params: ({ source }, results) => ({ source, captured: of(results, 'capture-source') }),
    diesAt: 'step.retire-source.run.after',
  },
  'reinstate-source': {
    kind: 'reinstate-source',
    params: ({ source, migrationId }, results) => ({
      source,
      retiredName: of(results, 'retire-source').retiredName,
      captured: of(results, 'capture-source'),
      retiredBy: migrationId,
    }),
    diesAt: 'step.reinstate-source.renamed',
  },
  // Another database that a move put aside: the source has been brought back by now.
  'drop-retired': {
    kind: 'drop-retired',
    params: ({ source, migrationId, aside }, results) => ({
      retired: { server: source.server, database: aside },
      migrationId,
      backupId: of(results, 'dump-database').backupId,
    }),
    diesAt: 'step.drop-retired.run.after',
  },
  'inspect-backup': {
    kind: 'inspect-backup',
    params: (world) => ({ source: targetOf(world), compression: 'gzip' }),
    diesAt: 'step.inspect-backup.run.after',
  },
  'back-up-database': {
    kind: 'back-up-database',
    params: (world) => ({ source: targetOf(world), label: 'by hand', tier: 'daily', compression: 'gzip', jobs: 2 }),
    diesAt: 'step.back-up-database.finished',
  },
  'verify-backup': {
    kind: 'verify-backup',
    params: ({ targetServer }, results) => ({
      backupId: results['back-up-database']?.backupId ?? 'none yet',
      server: targetServer,
      jobs: 2,
    }),
    diesAt: 'step.verify-backup.restored',
  },
  'promote-backup': {
    kind: 'promote-backup',
    params: (_world, results) => ({
      backupId: results['back-up-database']?.backupId ?? 'none yet',
      tier: 'weekly',
      previous: 'daily',
    }),
    diesAt: 'step.promote-backup.run.after',
    holds: async ({ tools }, { backupId }) => {
      if ((await tools.backups.get(backupId)).tier !== 'weekly') throw new Error('the backup kept its tier');
    },
  },
  'inspect-restore': {
    kind: 'inspect-restore',
    params: (world, results) => ({
      backup: { backupId: results['back-up-database']?.backupId ?? 'none yet' },
      target: { server: world.targetServer, database: `${world.source.database} again` },
    }),
    diesAt: 'step.inspect-restore.run.after',
  },
  'restore-backup': {
    kind: 'restore-backup',
    params: (world, results) => ({ ...restoredBackup(world, results), database: `${world.source.database} again` }),
    diesAt: 'step.restore-backup.restored',
  },
  'restore-file': {
    kind: 'restore-file',
    params: (world) => ({
      ...world.dump,
      format: 'plain',
      server: world.targetServer,
      database: `${world.source.database} of a file`,
      role: world.role,
      jobs: 2,
    }),
    diesAt: 'step.restore-file.restored',
  },
  'verify-restore': {
    kind: 'verify-restore',
    params: (world, results) => ({
      ...restoredBackup(world, results),
      workingName: results['restore-backup']?.workingName ?? 'none yet',
    }),
    diesAt: 'step.verify-restore.run.after',
  },
  'remove-backups': {
    kind: 'remove-backups',
    // One that is gone: what a clean-up of ours does to others' files is told in backups.int.spec.
    params: () => ({ backupIds: ['7d9f0a52-1111-4222-8333-444455556667'] }),
    diesAt: 'step.remove-backups.probe',
  },
  'validate-database': {
    kind: 'validate-database',
    params: ({ project, migratedDatabase }) => ({
      project,
      database: migratedDatabase,
      categories: ['schema', 'indexes', 'constraints', 'data', 'security'],
    }),
    diesAt: 'step.validate-database.run.after',
    holds: (_world, { checks }) => {
      const unjudged = checks.filter(({ message }) => message.startsWith('it could not be judged'));
      return unjudged.length === 0 ? Promise.resolve() : Promise.reject(new Error(JSON.stringify(unjudged)));
    },
  },
  'check-health': {
    kind: 'check-health',
    params: ({ project, source }) => ({ project, servers: [source.server] }),
    diesAt: 'step.check-health.run.after',
    holds: async ({ ledger }, { databases }) => {
      const rows = await ledger.query<{ state: string }>('select state from executor.project_health');
      if (rows[0]?.state !== 'behind' || databases[0]?.pendingCount !== 1)
        throw new Error(`the look was not kept: ${JSON.stringify({ rows, databases })}`);
    },
  },
  ...PROJECT_CASES,
};
